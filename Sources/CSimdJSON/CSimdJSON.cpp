// Hands simdjson's parser to C.

#include "CSimdJSON.h"

#include <new>

#include <simdjson.h>

struct CSimdJSONParser {
  simdjson::dom::parser parser;
};

CSimdJSONParser *CSimdJSONParserMake(void) {
  return new (std::nothrow) CSimdJSONParser();
}

void CSimdJSONParserFree(CSimdJSONParser *parser) {
  delete parser;
}

const char *CSimdJSONParse(
  CSimdJSONParser *parser, const uint8_t *octets, size_t length, CSimdJSONTape *tape
) {
  // The parser reads beyond the end, so it makes a copy with room for that.
  simdjson::error_code error = parser->parser.parse(octets, length, true).error();
  if (error != simdjson::SUCCESS) return simdjson::error_message(error);
  tape->words = parser->parser.doc.tape.get();
  tape->strings = parser->parser.doc.string_buf.get();
  return nullptr;
}
