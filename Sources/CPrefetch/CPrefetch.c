// All of it is in the header; the package manager wants a source file.

#include "CPrefetch.h"
