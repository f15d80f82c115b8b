// A packer for libpg_query's protobuf messages. protobuf-c's own looks at all
// 268 members of the oneof Node at every node, twice, which is three quarters
// of the time of a parse. This one goes to the member that is set, and writes
// from the end of the buffer to its front, so that every length is known when
// it is written. The linker puts it in the place of protobuf-c's (--wrap in
// raw.go); the declarations repeat those of protobuf-c.h 1.x.

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_REPEATED = 2 };
enum { FLAG_ONEOF = 1 << 2 };
enum {
	TYPE_INT32 = 0,
	TYPE_INT64 = 3,
	TYPE_UINT32 = 6,
	TYPE_UINT64 = 8,
	TYPE_BOOL = 12,
	TYPE_ENUM = 13,
	TYPE_STRING = 14,
	TYPE_MESSAGE = 16,
};

typedef struct {
	const char *name;
	uint32_t id;
	int label;
	int type;
	unsigned quantifier_offset;
	unsigned offset;
	const void *descriptor;
	const void *default_value;
	uint32_t flags;
	unsigned reserved_flags;
	void *reserved2;
	void *reserved3;
} field_descriptor;

typedef struct {
	uint32_t magic;
	const char *name;
	const char *short_name;
	const char *c_name;
	const char *package_name;
	size_t sizeof_message;
	unsigned n_fields;
	const field_descriptor *fields;
} message_descriptor;

typedef struct {
	const message_descriptor *descriptor;
} message;

// writer holds data[start:cap], which grows to the front.
typedef struct {
	uint8_t *data;
	size_t start;
	size_t cap;
	bool failed; // out of memory, or a type that is not handled
} writer;

extern const message_descriptor pg_query__node__descriptor;

static void reserve(writer *w, size_t n) {
	if (w->start >= n || w->failed)
		return;
	size_t used = w->cap - w->start;
	size_t cap = w->cap * 2 + n;
	uint8_t *data = malloc(cap);
	if (data == NULL) {
		w->failed = true;
		return;
	}
	if (used > 0)
		memcpy(data + cap - used, w->data + w->start, used);
	free(w->data);
	w->data = data;
	w->start = cap - used;
	w->cap = cap;
}

static void put_bytes(writer *w, const void *bytes, size_t n) {
	reserve(w, n);
	if (w->failed || n == 0)
		return;
	w->start -= n;
	memcpy(w->data + w->start, bytes, n);
}

static void put_varint(writer *w, uint64_t v) {
	uint8_t buf[10];
	int n = 0;
	do {
		buf[n++] = (uint8_t)(v & 0x7f) | (v > 0x7f ? 0x80 : 0);
		v >>= 7;
	} while (v != 0);
	put_bytes(w, buf, n);
}

static void put_message(writer *w, const message *m);

// put_value writes the value at p with its key; always writes a zero too.
static void put_value(writer *w, const field_descriptor *f, const void *p, bool always) {
	uint64_t v;
	size_t end = w->cap - w->start;
	switch (f->type) {
	case TYPE_INT32:
	case TYPE_ENUM:
		v = (uint64_t)(int64_t)*(const int32_t *)p;
		break;
	case TYPE_UINT32:
	case TYPE_BOOL:
		v = *(const uint32_t *)p;
		break;
	case TYPE_INT64:
	case TYPE_UINT64:
		v = *(const uint64_t *)p;
		break;
	case TYPE_STRING: {
		const char *s = *(const char *const *)p;
		if (s == NULL || (*s == '\0' && !always))
			return;
		size_t n = strlen(s);
		put_bytes(w, s, n);
		put_varint(w, n);
		put_varint(w, (uint64_t)f->id << 3 | 2);
		return;
	}
	case TYPE_MESSAGE: {
		const message *sub = *(const message *const *)p;
		if (sub == NULL)
			return;
		put_message(w, sub);
		put_varint(w, w->cap - w->start - end);
		put_varint(w, (uint64_t)f->id << 3 | 2);
		return;
	}
	default:
		w->failed = true;
		return;
	}
	if (v == 0 && !always)
		return;
	put_varint(w, v);
	put_varint(w, (uint64_t)f->id << 3);
}

static void put_field(writer *w, const field_descriptor *f, const char *m) {
	const char *p = m + f->offset;
	if (f->label == LABEL_REPEATED) {
		size_t n = *(const size_t *)(m + f->quantifier_offset);
		if (n > 0 && f->type != TYPE_MESSAGE) {
			w->failed = true;
			return;
		}
		const char *items = *(const char *const *)p;
		while (n-- > 0 && !w->failed)
			put_value(w, f, items + n * sizeof(void *), true);
		return;
	}
	if (f->flags & FLAG_ONEOF) {
		if (*(const uint32_t *)(m + f->quantifier_offset) == f->id)
			put_value(w, f, p, true);
		return;
	}
	put_value(w, f, p, false);
}

static void put_message(writer *w, const message *m) {
	const message_descriptor *d = m->descriptor;
	if (d == &pg_query__node__descriptor) {
		const field_descriptor *f = &d->fields[0];
		uint32_t id = *(const uint32_t *)((const char *)m + f->quantifier_offset);
		if (id == 0)
			return;
		if (id <= d->n_fields && d->fields[id - 1].id == id) {
			put_field(w, &d->fields[id - 1], (const char *)m);
			return;
		}
	}
	for (unsigned i = d->n_fields; i-- > 0 && !w->failed;)
		put_field(w, &d->fields[i], (const char *)m);
}

// The packed result between the two calls that libpg_query makes.
static __thread writer packed;

size_t __real_pg_query__parse_result__get_packed_size(const message *m);
size_t __real_pg_query__parse_result__pack(const message *m, uint8_t *out);

size_t __wrap_pg_query__parse_result__get_packed_size(const message *m) {
	writer w = {0};
	put_message(&w, m);
	free(packed.data);
	packed = w;
	if (w.failed)
		return __real_pg_query__parse_result__get_packed_size(m);
	return w.cap - w.start;
}

size_t __wrap_pg_query__parse_result__pack(const message *m, uint8_t *out) {
	if (packed.failed)
		return __real_pg_query__parse_result__pack(m, out);
	size_t n = packed.cap - packed.start;
	if (n > 0)
		memcpy(out, packed.data + packed.start, n);
	free(packed.data);
	memset(&packed, 0, sizeof(packed));
	return n;
}
