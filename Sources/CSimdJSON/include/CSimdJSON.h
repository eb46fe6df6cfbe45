// The part of simdjson, a C++ library, that JSONText uses.

#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parser with the memory of the text that it has read last.
typedef struct CSimdJSONParser CSimdJSONParser;

/// A text as simdjson's document "tape.md" lays it out: words of a type and a value, and the
/// strings, each with its length before it.
typedef struct {
  const uint64_t *words;
  const uint8_t *strings;
} CSimdJSONTape;

/// Returns NULL when there is no memory.
CSimdJSONParser *CSimdJSONParserMake(void);
void CSimdJSONParserFree(CSimdJSONParser *parser);

/// Reads `length` octets of JSON in UTF-8 and points `tape` into the parser's memory, where it
/// stays until the next call. Returns NULL, or why the text can't be read.
const char *CSimdJSONParse(
  CSimdJSONParser *parser, const uint8_t *octets, size_t length, CSimdJSONTape *tape);

#ifdef __cplusplus
}
#endif

#endif
