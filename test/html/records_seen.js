// SPDX-License-Identifier: MIT
// The contents that a page must show. They are computed from the records in
// another way than the program does.
'use strict';

const { expect } = require('./tap.js');

// The parent is the last process of that PID that had begun, if it still ran.
function parentOf(rows, row) {
	const before = rows.filter(one => one !== row && one.pid === row.ppid &&
		one.start_ns <= row.start_ns);
	const last = before.sort((a, b) => a.start_ns - b.start_ns).pop();

	return last && (last.running ||
		last.start_ns + last.real_ns >= row.start_ns) ? last : undefined;
}

function statusOf(row) {
	if (row.running || (row.exit === null && row.signal === null))
		return -1;
	return row.signal === 'SIGKILL' ? 9 : row.exit * 256;
}

// page: the columns of data.js.
function sameAsRecords(records, page) {
	const key = (pid, start) => `${pid} ${start}`;
	const origin = records.start_ns;
	const index = new Map();

	for (let i = 0; i < page.count; i++)
		index.set(key(page.pid[i], page.start[i]), i);
	expect(page.count === records.rows.length && index.size === page.count,
	       page.count);
	for (const row of records.rows) {
		const i = index.get(key(row.pid, row.start_ns - origin));
		const parent = parentOf(records.rows, row);

		expect(i !== undefined && page.user[i] === row.user_ns &&
		       page.sys[i] === row.sys_ns &&
		       page.end[i] - page.start[i] === row.real_ns &&
		       page.status[i] === statusOf(row) &&
		       page.running[i] === row.running &&
		       page.ppid[i] === row.ppid, { row, i });
		expect(parent ? page.pid[page.parent[i]] === parent.pid :
				page.parent[i] === -1, { row, parent });
	}
}

// The chain, as urt report --help defines it: its PIDs by start.
function chainOfRecords({ rows }) {
	const end = row => row.start_ns + row.real_ns;
	const chain = [rows[0]];

	for (const link of chain) {
		let until = end(link), next;
		const children = rows.filter(row =>
			!row.running && parentOf(rows, row) === link);

		do {
			next = children.filter(row => end(row) <= until &&
					       !chain.includes(row))
				.sort((a, b) => end(a) - end(b)).pop();
			if (next) {
				chain.push(next);
				until = next.start_ns;
			}
		} while (next);
	}
	return chain.sort((a, b) => a.start_ns - b.start_ns || a.pid - b.pid)
		.map(row => row.pid);
}

module.exports = { sameAsRecords, chainOfRecords };
