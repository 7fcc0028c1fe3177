// SPDX-License-Identifier: MIT
// The pages that html.sh has made in the directory of the only argument, and
// the browser that opens them.
'use strict';

const fs = require('fs');
const path = require('path');
const { Browser } = require('./browser.js');

const dir = process.argv[2];
const at = name => path.join(dir, name);
const records = name => JSON.parse(fs.readFileSync(at(name), 'utf8'));
const browser = new Browser();
const value = expression => browser.value(expression);

async function open(name, width = 1400, height = 1000, dark = false) {
	await browser.window(width, height, dark);
	await browser.open(at(name));
	await browser.until('!pending');
}

const settled = () => browser.until('!pending');

// The place of a process on the screen.
const place = process => value(`(() => {
	const i = ${process};
	timeline.canvas.scrollIntoView({ block: 'center' });
	const box = timeline.canvas.getBoundingClientRect();
	const x = Math.max(0, xOf(run.start[i])), end = Math.min(view.width, xOf(run.end[i]));
	return { x: box.x + (x + end) / 2,
		 y: box.y + laneTop(model.laneOf[i]) + timeline.height / 2 };
})()`);

async function focusTimeline() {
	await value('timeline.canvas.focus(), timeline.canvas.scrollIntoView({ block: "center" })');
}

module.exports = { at, browser, focusTimeline, open, place, records, settled, value };
