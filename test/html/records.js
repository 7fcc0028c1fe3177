// SPDX-License-Identifier: MIT
// node records.js COUNT [JOBS]: prints what 'urt run --each --json' would print
// about a build of COUNT processes, JOBS at a time. The output is always the
// same.
'use strict';

const count = Number(process.argv[2]);
const jobs = Number(process.argv[3] || 8);

// xorshift, because Math.random() is not repeatable.
let seed = 20261121;
function random() {
	seed ^= seed << 13;
	seed ^= seed >>> 17;
	seed ^= seed << 5;
	return (seed >>> 0) / 2 ** 32;
}

const MS = 1e6;
const rows = [];
let pid = 4000;

function add(ppid, name, start, real, share, user, end) {
	const cpu = real * share;

	pid = pid + 1 + Math.floor(random() * 2);
	if (pid > 4194304)
		pid = 300;
	rows.push({
		kind: 'process', count: 1, pid, ppid,
		start_ns: Math.round(start), real_ns: Math.round(real),
		user_ns: Math.round(cpu * user),
		sys_ns: Math.round(cpu * (1 - user)),
		exit: 0, signal: null, running: 0, name, ...end,
	});
	return pid;
}

// A process with children one after the other. Its own row comes first, because
// it is the parent. Its duration is known at the end.
function nest(ppid, name, start, children) {
	const own = add(ppid, name, start, 0, 0, 0.5);
	const row = rows[rows.length - 1];
	let at = start + (0.3 + random()) * MS;

	for (const child of children)
		at = child(own, at) + 0.2 * MS;
	at += 0.3 * MS;
	row.real_ns = Math.round(at - start);
	row.user_ns = Math.round((0.4 + random()) * MS);
	row.sys_ns = Math.round((0.6 + random()) * MS);
	return at;
}

function leaf(name, ms, share, user, end) {
	return (ppid, start) => {
		const real = ms * MS;

		add(ppid, name, start, real, share, user, end);
		return start + real;
	};
}

// A long tail: most files are small, some are large.
const size = () => 40 + 60 * random() + (random() < 0.06 ? 900 * random() : 0);

function compile(ppid, start) {
	const ms = size();

	return nest(ppid, 'sh', start, [(own, at) => nest(own, 'gcc', at, [
		leaf('cc1', ms, 0.9 + 0.1 * random(), 0.9),
		leaf('as', 4 + ms / 12, 0.8, 0.7),
	])]);
}

function probe(ppid, start) {
	const failed = random() < 0.3;

	return nest(ppid, 'sh', start, [
		leaf('grep', 1 + 2 * random(), 0.7, 0.3, failed ? { exit: 1 } : {}),
		leaf('sed', 1 + 3 * random(), 0.7, 0.5),
	]);
}

function link(ppid, start) {
	return nest(ppid, 'sh', start, [(own, at) => nest(own, 'gcc', at, [
		(up, then) => nest(up, 'collect2', then, [
			leaf('ld', 150 + 200 * random(), 0.6, 0.6)]),
	])]);
}

const begin = 100e9;
const root = add(900, 'make', begin + 2 * MS, 0, 0, 0.5);
const top = rows[0];
const free = new Array(jobs).fill(begin + 12 * MS);
const next = () => free.indexOf(Math.min(...free));

while (rows.length + 16 < count) {
	const job = next();
	const kind = random();

	free[job] = (kind < 0.75 ? compile : kind < 0.97 ? probe : link)(
		root, free[job] + random() * MS);
}
// One process uses several CPUs at the end, one is killed, and one keeps
// running.
let end = Math.max(...free) + 3 * MS;
end = leaf('lto1', 420, 2.7, 0.95)(root, end);
add(root, 'timeout', end - 301 * MS, 300 * MS, 0.01, 0.3, { exit: null, signal: 'SIGKILL' });
end = link(root, end + 2 * MS);
while (rows.length + 1 < count)
	end = leaf('strip', 4 + 3 * random(), 0.8, 0.5)(root, end + 0.5 * MS);
end += 4 * MS;
add(root, 'ccache', end - 500 * MS, 500 * MS, 0.05, 0.5, { exit: null, running: 1 });
top.real_ns = Math.round(end - top.start_ns);
top.user_ns = Math.round(top.real_ns * 0.02);
top.sys_ns = Math.round(top.real_ns * 0.03);
rows.sort((a, b) => a.start_ns - b.start_ns || a.pid - b.pid);

const sum = key => rows.reduce((all, row) => all + row[key], 0);
process.stdout.write(JSON.stringify({
	command: ['make', `-j${jobs}`, '-C', 'project', 'all'],
	exit: 0, signal: null, time: 1795291200, cpus: jobs, start_ns: begin,
	host: 'builder', directory: '/home/me/some project', urt: '1.2.3',
	real_ns: Math.round(end - begin), user_ns: sum('user_ns'),
	sys_ns: sum('sys_ns'), processes: rows.length, running: 1, unseen: 0,
	lost: { count: 0, user_ns: 0, sys_ns: 0 }, missed: 0, rows,
}));
