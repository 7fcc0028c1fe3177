// SPDX-License-Identifier: MIT
/*
 * Parsers of the text formats that urt.h of the module documents. A part that
 * we know must have exactly the documented form. A part that we do not know
 * comes from a later kernel, and we skip it.
 */
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

struct text {
	const char *at;		/* NULL: nothing is left, not even "" */
	const char *end;
};

/*
 * Cuts the first part off rest, up to the first separator. Parts may be empty.
 * The name of a process may be empty.
 */
static bool cut(struct text *rest, char separator, struct text *part)
{
	const char *found;

	if (!rest->at)
		return false;
	found = memchr(rest->at, separator, rest->end - rest->at);
	*part = (struct text){ rest->at, found ? found : rest->end };
	rest->at = found ? found + 1 : NULL;
	return true;
}

static bool is(struct text word, const char *name)
{
	size_t length = strlen(name);

	return (size_t)(word.end - word.at) == length &&
	       !memcmp(word.at, name, length);
}

/* Decimal digits and nothing else; max is 9 or more. */
static bool number(struct text word, uint64_t max, uint64_t *value)
{
	uint64_t n = 0;
	unsigned int digit;

	if (word.at == word.end)
		return false;
	for (; word.at < word.end; word.at++) {
		digit = (unsigned char)*word.at - '0';
		if (digit > 9 || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

static bool cut_number(struct text *rest, uint64_t max, uint64_t *value)
{
	struct text word;

	return cut(rest, ' ', &word) && number(word, max, value);
}

/*
 * Parses three octal digits. Return: the character, 0 if they are no such
 * digits.
 */
static int octal(struct text digits)
{
	int c = 0, i;

	if (digits.end - digits.at < 3)
		return 0;
	for (i = 0; i < 3; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '7')
			return 0;
		c = c * 8 + (digits.at[i] - '0');
	}
	return c <= UCHAR_MAX ? c : 0;
}

/* A name that is too long for comm loses its end. */
static bool unescape(struct text word, char *comm, size_t size)
{
	size_t length = 0;
	int c;

	while (word.at < word.end) {
		c = (unsigned char)*word.at++;
		if (c == '\\') {
			c = octal(word);
			if (!c)
				return false;
			word.at += 3;
		} else if (c < ' ') {
			return false;
		}
		if (length < size - 1)
			comm[length++] = c;
	}
	comm[length] = '\0';
	return true;
}

static bool parse_status(struct text word, int *status)
{
	uint64_t value;

	if (is(word, "-")) {
		*status = -1;
		return true;
	}
	if (!number(word, INT_MAX, &value))
		return false;
	*status = value;
	return true;
}

static bool parse_exit(struct text rest, struct urt_record *record)
{
	uint64_t pid, ppid, uid;
	struct text status, comm;

	if (!cut_number(&rest, INT_MAX, &pid) || !pid ||
	    !cut_number(&rest, INT_MAX, &ppid) ||
	    !cut_number(&rest, UINT32_MAX, &uid) ||
	    !cut_number(&rest, UINT64_MAX, &record->utime_ns) ||
	    !cut_number(&rest, UINT64_MAX, &record->stime_ns) ||
	    !cut_number(&rest, UINT64_MAX, &record->start_ns) ||
	    !cut_number(&rest, UINT64_MAX, &record->runtime_ns) ||
	    !cut(&rest, ' ', &status) || !cut(&rest, ' ', &comm))
		return false;
	/* New columns come before the name. */
	while (cut(&rest, ' ', &comm))
		;
	record->type = URT_EXIT;
	record->count = 1;
	record->pid = pid;
	record->ppid = ppid;
	record->uid = uid;
	return parse_status(status, &record->status) &&
	       unescape(comm, record->comm, sizeof(record->comm));
}

static bool parse_lost(struct text rest, struct urt_record *record)
{
	record->type = URT_LOST;
	return cut_number(&rest, UINT64_MAX, &record->count) &&
	       cut_number(&rest, UINT64_MAX, &record->utime_ns) &&
	       cut_number(&rest, UINT64_MAX, &record->stime_ns);
}

static bool parse_missed(struct text rest, struct urt_record *record)
{
	record->type = URT_MISSED;
	return cut_number(&rest, UINT64_MAX, &record->count);
}

enum urt_parsed urt_parse_record(const char *line, size_t length,
				 struct urt_record *record)
{
	struct text rest = { line, line + length }, word;
	bool good;

	memset(record, 0, sizeof(*record));
	if (!cut(&rest, ' ', &word) || word.at == word.end)
		return URT_MALFORMED;
	if (is(word, "exit"))
		good = parse_exit(rest, record);
	else if (is(word, "lost"))
		good = parse_lost(rest, record);
	else if (is(word, "missed"))
		good = parse_missed(rest, record);
	else
		return URT_UNKNOWN;
	return good ? URT_PARSED : URT_MALFORMED;
}

bool urt_parse_split(const char *line, size_t length, struct urt_split *split)
{
	struct text rest = { line, line + length }, word;
	uint64_t pid;

	if (!cut(&rest, ' ', &word) || !is(word, "split") ||
	    !cut_number(&rest, INT_MAX, &pid) ||
	    !cut_number(&rest, UINT64_MAX, &split->accuracy.samples) ||
	    !cut_number(&rest, UINT64_MAX, &split->accuracy.error_ns))
		return false;
	split->pid = pid;
	return true;
}

/* --- stat --- */

enum fact { GENERATION, TIME, INTERVAL, PROCESSES, LOST, FACTS };

static const char *const fact_names[FACTS] = {
	"generation", "time_ns", "interval_ms", "processes", "lost",
};

enum column {
	PID, PPID, UID, STATE, THREADS, UTIME, STIME, START, COMM, NEEDED,
	ERROR = NEEDED,		/* older kernels have none */
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	"pid", "ppid", "uid", "state", "threads", "utime_ns", "stime_ns",
	"start_ns", "comm", "error_ns",
};

/*
 * The column in each place of a row. COLUMNS marks a column that we do not
 * know.
 */
#define PLACES_MAX 64
struct layout {
	unsigned int places;
	unsigned char column[PLACES_MAX];
};

static unsigned int find(struct text word, const char *const *names,
			 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (is(word, names[i]))
			break;
	}
	return i;
}

/* # NAME=VALUE NAME=VALUE ... */
static bool parse_facts(struct text line, uint64_t *facts)
{
	struct text word, name;
	unsigned int seen = 0, i;

	if (!cut(&line, ' ', &word) || !is(word, "#"))
		return false;
	while (cut(&line, ' ', &word)) {
		if (!cut(&word, '=', &name))
			return false;
		i = find(name, fact_names, FACTS);
		if (i == FACTS)
			continue;
		if (!word.at || !number(word, UINT64_MAX, &facts[i]))
			return false;
		seen |= 1U << i;
	}
	return seen == (1U << FACTS) - 1;
}

static bool parse_layout(struct text line, struct layout *layout)
{
	unsigned int seen = 0, i;
	struct text word;

	layout->places = 0;
	while (cut(&line, ' ', &word)) {
		if (layout->places == PLACES_MAX)
			return false;
		i = find(word, column_names, COLUMNS);
		layout->column[layout->places++] = i;
		seen |= 1U << i;
	}
	seen &= (1U << NEEDED) - 1;
	return seen == (1U << NEEDED) - 1;
}

static bool parse_state(struct text word, char *state)
{
	*state = *word.at;
	return word.end - word.at == 1;
}

static bool parse_error(struct text word, uint64_t *error)
{
	return is(word, "-") || number(word, UINT64_MAX, error);
}

static bool parse_value(struct text word, enum column column,
			struct urt_process *p, uint64_t *error)
{
	uint64_t n = 0;
	bool good;

	switch (column) {
	case PID:
		good = number(word, INT_MAX, &n) && n;
		p->pid = n;
		return good;
	case PPID:
		good = number(word, INT_MAX, &n);
		p->ppid = n;
		return good;
	case UID:
		good = number(word, UINT32_MAX, &n);
		p->uid = n;
		return good;
	case STATE:
		return parse_state(word, &p->state);
	case THREADS:
		good = number(word, UINT_MAX, &n);
		p->threads = n;
		return good;
	case UTIME:
		return number(word, UINT64_MAX, &p->utime_ns);
	case STIME:
		return number(word, UINT64_MAX, &p->stime_ns);
	case START:
		return number(word, UINT64_MAX, &p->start_ns);
	case COMM:
		return unescape(word, p->comm, sizeof(p->comm));
	case ERROR:
		return parse_error(word, error);
	case COLUMNS:
		break;
	}
	return true;
}

static bool parse_row(struct text line, const struct layout *layout,
		      struct urt_process *p, uint64_t *error)
{
	struct text word;
	unsigned int i;

	*error = URT_ERROR_UNKNOWN;
	for (i = 0; i < layout->places; i++) {
		if (!cut(&line, ' ', &word) ||
		    !parse_value(word, layout->column[i], p, error))
			return false;
	}
	return !line.at;
}

static int malformed(void)
{
	errno = EPROTO;
	return -1;
}

int urt_parse_stat(const char *text, size_t length,
		   struct urt_snapshot *snapshot)
{
	struct text rest, line;
	uint64_t facts[FACTS];
	struct layout layout;
	uint64_t *errors;
	size_t i;

	if (!length || text[length - 1] != '\n')
		return malformed();
	rest = (struct text){ text, text + length - 1 };
	if (!cut(&rest, '\n', &line) || !parse_facts(line, facts) ||
	    !cut(&rest, '\n', &line) || !parse_layout(line, &layout))
		return malformed();
	/*
	 * A row is longer than one byte, so that a larger number of rows cannot
	 * be true.
	 */
	if (facts[PROCESSES] > length || facts[INTERVAL] > UINT_MAX)
		return malformed();
	if (urt_snapshot_room(snapshot, facts[PROCESSES]))
		return -1;
	errors = urt_snapshot_errors(snapshot);
	for (i = 0; i < facts[PROCESSES]; i++) {
		if (!cut(&rest, '\n', &line) ||
		    !parse_row(line, &layout, &snapshot->processes[i],
			       &errors[i]))
			return malformed();
	}
	if (rest.at)
		return malformed();
	snapshot->generation = facts[GENERATION];
	snapshot->time_ns = facts[TIME];
	snapshot->interval_ms = facts[INTERVAL];
	snapshot->lost = facts[LOST];
	snapshot->registered = facts[PROCESSES];
	snapshot->count = facts[PROCESSES];
	return 0;
}
