// SPDX-License-Identifier: MIT
// TAP: a line for each claim, and the reason if it does not hold.
'use strict';

let count = 0, failures = 0;

function expect(condition, seen) {
	if (!condition)
		throw new Error(`seen: ${JSON.stringify(seen)}`);
}

async function claim(text, check) {
	count++;
	try {
		await check();
		console.log(`ok ${count} - ${text}`);
	} catch (error) {
		failures++;
		console.log(String(error.stack).replace(/^/gm, '# '));
		console.log(`not ok ${count} - ${text}`);
	}
}

// Return: the exit status.
function done() {
	console.log(`1..${count}`);
	return failures ? 1 : 0;
}

module.exports = { claim, done, expect };
