// SPDX-License-Identifier: MIT
// node strange.js: prints a run as 'urt run --each --json' would. Its names,
// command and statuses are hostile, and all values are missing that may be
// missing.
'use strict';

// Names as urt escapes them: control characters, backslashes, bytes that are
// not UTF-8, and invisible characters.
const NAMES = [
	'</script><b>', '<!--<script>', '"\'&<>&amp;', '{{ROWS}}',
	'\\001\\033[31mred', '\\377\\376\\200', '\\134n', 'ctl\\177',
	'\\342\\200\\256ltr', '\\357\\277\\276', 'größe', '\u{1f600}', '進程',
	'\\040', '\\000', '${1+1}', 'javascript:', '\\342\\200\\250', 'a"onload="b', 'x'.repeat(63),
];

const MS = 1e6;
const row = (index, more) => ({
	kind: 'process', count: 1, pid: 100 + index, ppid: 100,
	start_ns: 1e9 + index * 10 * MS, real_ns: 15 * MS, user_ns: 5 * MS,
	sys_ns: MS, exit: 0, signal: null, running: 0, ...more,
});

const rows = NAMES.map((name, index) => row(index + 1, { name }));
rows.unshift(row(0, { name: 'root', ppid: 1, real_ns: 400 * MS }));
rows.push(
	// A parent that does not exist, a hidden status, a process with the PID
	// of an earlier one, and a process that took no time.
	row(30, { name: 'orphan', ppid: 77, real_ns: 50 * MS }),
	row(31, { name: 'hidden', exit: null }),
	row(32, { name: 'signalled', exit: null, signal: 'SIGSEGV' }),
	row(33, { name: 'realtime', exit: null, signal: 'signal 40' }),
	row(34, { name: 'again', pid: 101 }),
	row(35, { name: 'nothing', real_ns: 0, user_ns: 0, sys_ns: 0 }),
	row(36, { name: 'left', exit: null, running: 1 }),
	row(37, { name: 'zombie', exit: null, unreaped: 1 }));

process.stdout.write(JSON.stringify({
	command: ['sh', '-c', '</script><script>window.hacked = 1</script>',
		  '\u0001\n"\'', '\ufffe', '{{FACTS}}'],
	exit: null, signal: 'SIGTERM', real_ns: 400 * MS, user_ns: 0, sys_ns: 0,
	processes: rows.length, running: 1, unseen: 4,
	lost: { count: 3, user_ns: 7 * MS, sys_ns: 2 * MS }, missed: 2, rows,
}));
