#include <stddef.h>

// tidemark_tree is a parse tree as protobuf bytes or, with a message, an error.
typedef struct {
	char *data;
	size_t len;
	char *message;
	char *detail;
	char *hint;
	int sqlstate; // PostgreSQL's packed form, six bits a character
	int position; // 1-based character, 0 when unknown
} tidemark_tree;

void tidemark_parse(const char *sql, tidemark_tree *out);
void tidemark_free(tidemark_tree *out);
