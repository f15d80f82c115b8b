// What pg_query_go leaves out of libpg_query's parse call: the SQLSTATE, detail
// and hint of an error, and the result without copies. The declarations repeat
// those of the pinned libpg_query (PostgreSQL 17, utils/elog.h); raw_test.go
// fails when they no longer fit.

#include "raw.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct ErrorData {
	int elevel;
	bool output_to_server;
	bool output_to_client;
	bool hide_stmt;
	bool hide_ctx;
	const char *filename;
	int lineno;
	const char *funcname;
	const char *domain;
	const char *context_domain;
	int sqlerrcode;
	char *message;
	char *detail;
	char *detail_log;
	char *hint;
	char *context;
	char *backtrace;
	const char *message_id;
	char *schema_name;
	char *table_name;
	char *column_name;
	char *datatype_name;
	char *constraint_name;
	int cursorpos;
} ErrorData;

typedef struct {
	size_t len;
	char *data;
} PgQueryProtobuf;

extern __thread sigjmp_buf *PG_exception_stack;
extern __thread void *error_context_stack;
extern __thread void *CurrentMemoryContext;

extern void *pg_query_enter_memory_context(void);
extern void pg_query_exit_memory_context(void *ctx);
extern void *raw_parser(const char *str, int mode);
extern PgQueryProtobuf pg_query_nodes_to_protobuf(const void *obj);
extern ErrorData *CopyErrorData(void);
extern void FlushErrorState(void);

static char *copy(const char *s) { return s == NULL ? NULL : strdup(s); }

void tidemark_parse(const char *sql, tidemark_tree *out) {
	void *ctx = pg_query_enter_memory_context();
	sigjmp_buf *saved_stack = PG_exception_stack;
	void *saved_context = error_context_stack;
	sigjmp_buf here;

	memset(out, 0, sizeof(*out));
	if (sigsetjmp(here, 0) == 0) {
		PG_exception_stack = &here;
		PgQueryProtobuf tree = pg_query_nodes_to_protobuf(raw_parser(sql, 0));
		out->data = tree.data;
		out->len = tree.len;
	} else {
		CurrentMemoryContext = ctx;
		ErrorData *e = CopyErrorData();
		out->sqlstate = e->sqlerrcode;
		out->position = e->cursorpos;
		out->message = copy(e->message);
		out->detail = copy(e->detail);
		out->hint = copy(e->hint);
		FlushErrorState();
	}
	PG_exception_stack = saved_stack;
	error_context_stack = saved_context;
	pg_query_exit_memory_context(ctx);
}

void tidemark_free(tidemark_tree *out) {
	free(out->data);
	free(out->message);
	free(out->detail);
	free(out->hint);
}
