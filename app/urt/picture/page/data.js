// SPDX-License-Identifier: MIT
// The data of the page: facts, as urt wrote them, and a column for each
// property of the processes. A process is an index. It stands before its
// descendants, and "size" counts it and them.
'use strict';

const facts = JSON.parse(document.getElementById('facts').textContent);
const STATUS_RUNNING = 0xffff;
const STATUS_UNREAPED = 0xfffe;
const HIDDEN = -1;

// Numbers of seven bits to the byte: see html_data.c.
class Numbers {
	constructor(base64) {
		this.bytes = atob(base64);
		this.at = 0;
	}

	// Numbers may exceed 32 bits, so that the sum must not use bitwise
	// operations.
	next() {
		let value = 0, unit = 1, byte;

		do {
			byte = this.bytes.charCodeAt(this.at++);
			value += (byte & 0x7f) * unit;
			unit *= 0x80;
		} while (byte & 0x80);
		return value;
	}

	nextDifference() {
		const value = this.next();

		return value % 2 ? -(value + 1) / 2 : value / 2;
	}
}

function emptyColumns(count) {
	return {
		count,
		parent: new Int32Array(count),
		size: new Uint32Array(count).fill(1),
		pid: new Int32Array(count),
		ppid: new Int32Array(count),
		start: new Float64Array(count),
		end: new Float64Array(count),
		user: new Float64Array(count),
		sys: new Float64Array(count),
		name: new Uint32Array(count),
		lane: new Uint32Array(count),
		status: new Int32Array(count),
		running: new Uint8Array(count),
		unreaped: new Uint8Array(count),
		chain: new Uint8Array(count),
	};
}

function readColumns() {
	const run = emptyColumns(facts.count);
	const element = document.getElementById('rows');
	const numbers = new Numbers(element.textContent);
	const above = [];	// the last one of each depth
	let pid = 0;

	for (let i = 0; i < run.count; i++) {
		const depth = numbers.next();
		const parent = depth ? above[depth - 1] : -1;

		above[depth] = i;
		run.parent[i] = parent;
		pid += numbers.nextDifference();
		run.pid[i] = pid;
		run.start[i] = numbers.nextDifference() +
			(depth ? run.start[parent] : 0);
		run.end[i] = run.start[i] + numbers.next();
		run.user[i] = numbers.next();
		run.sys[i] = numbers.next();
		run.name[i] = numbers.next();
		run.lane[i] = numbers.next();
		const status = numbers.next();
		const code = Math.floor(status / 2);
		run.chain[i] = status % 2;
		run.running[i] = code === STATUS_RUNNING;
		run.unreaped[i] = code === STATUS_UNREAPED;
		run.status[i] = code >= STATUS_UNREAPED ? HIDDEN : code - 1;
		run.ppid[i] = depth ? run.pid[parent] : numbers.next();
	}
	for (let i = run.count - 1; i > 0; i--)
		if (run.parent[i] >= 0)
			run.size[run.parent[i]] += run.size[i];
	element.remove();
	return run;
}

const run = readColumns();

const cpuOf = i => run.user[i] + run.sys[i];
const realOf = i => run.end[i] - run.start[i];
const shareOf = i => realOf(i) > 0 ? cpuOf(i) / realOf(i) : 0;
const nameOf = i => facts.names[run.name[i]];
const failed = i => run.status[i] > 0;

// The status as shells and urt write it.
function statusOf(i) {
	const status = run.status[i];

	if (run.running[i])
		return 'running';
	if (run.unreaped[i])
		return 'not reaped';
	if (status === HIDDEN)
		return '-';
	if (status & 0x7f)
		return facts.signals[status & 0x7f] || `signal ${status & 0x7f}`;
	return String(status >> 8);
}

// Sums up the processes of each name; name 0 used most.
function sumNames() {
	const sums = facts.names.map((name, index) => ({
		index, name, count: 0, user: 0, sys: 0, real: 0, longest: 0,
		failed: 0, running: 0,
	}));

	for (let i = 0; i < run.count; i++) {
		const sum = sums[run.name[i]];

		sum.count++;
		sum.user += run.user[i];
		sum.sys += run.sys[i];
		sum.real += realOf(i);
		sum.longest = Math.max(sum.longest, realOf(i));
		sum.failed += failed(i);
		sum.running += run.running[i];
	}
	return sums;
}

const names = sumNames();
