// SPDX-License-Identifier: MIT
// A headless Chromium, controlled by its DevTools protocol through two pipes.
// It acts as a user with mouse and keys, and looks at the page.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const LIMIT = 60000;		// ms that an answer or a condition may take

class Browser {
	constructor() {
		this.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'urt-html-'));
		this.process = spawn('chromium', [
			'--headless=new', '--remote-debugging-pipe',
			`--user-data-dir=${this.profile}`, '--no-first-run',
			'--disable-gpu', '--disable-extensions',
			'--disable-background-networking', '--disable-sync',
			'--force-device-scale-factor=1', '--hide-scrollbars',
			// The sandbox does not work for root.
			...process.getuid() === 0 ? ['--no-sandbox'] : [],
		], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		this.ended = new Promise(done => this.process.on('exit', done));
		this.process.on('error', error => {
			console.log(`Bail out! chromium: ${error.message}`);
			process.exit(1);
		});
		this.number = 0;
		this.waiting = new Map();
		this.listeners = [];
		this.rest = '';
		this.process.stdio[4].setEncoding('utf8')
			.on('data', text => this.take(text));
		// Writing fails after the browser has ended. Callers that wait
		// learn of this.
		this.process.stdio[3].on('error', () => {});
		this.ended.then(() => this.waiting.forEach(one =>
			one({ error: { message: 'chromium has ended' } })));
	}

	// Messages end with a zero byte.
	take(text) {
		const messages = (this.rest + text).split('\0');

		this.rest = messages.pop();
		for (const message of messages.map(JSON.parse)) {
			const waiting = this.waiting.get(message.id);

			if (waiting) {
				this.waiting.delete(message.id);
				waiting(message);
			} else {
				this.listeners.forEach(one => one(message));
			}
		}
	}

	send(method, params = {}) {
		const id = ++this.number;

		this.process.stdio[3].write(`${JSON.stringify({
			id, method, params, sessionId: this.session,
		})}\0`);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() =>
				reject(new Error(`${method}: no answer`)), LIMIT);

			this.waiting.set(id, ({ result, error }) => {
				clearTimeout(timer);
				if (error)
					reject(new Error(`${method}: ${error.message}`));
				else
					resolve(result);
			});
		});
	}

	event(method) {
		return new Promise(resolve => {
			const listener = message => {
				if (message.method !== method)
					return;
				this.listeners.splice(
					this.listeners.indexOf(listener), 1);
				resolve(message.params);
			};

			this.listeners.push(listener);
		});
	}

	// A page of its own. It records requests to the network and errors in
	// the page.
	async start() {
		const { targetId } = await this.send('Target.createTarget',
						     { url: 'about:blank' });
		const { sessionId } = await this.send('Target.attachToTarget',
			{ targetId, flatten: true });

		this.session = sessionId;
		this.requests = [];
		this.errors = [];
		this.listeners.push(({ method, params }) => {
			if (method === 'Network.requestWillBeSent')
				this.requests.push(params.request.url);
			if (method === 'Runtime.exceptionThrown')
				this.errors.push(params.exceptionDetails.exception?.description ||
						 params.exceptionDetails.text);
			if (method === 'Log.entryAdded')
				this.errors.push(params.entry.text);
		});
		await this.send('Page.enable');
		await this.send('Network.enable');
		await this.send('Runtime.enable');
		await this.send('Log.enable');
	}

	async open(file) {
		this.requests.length = this.errors.length = 0;
		const loaded = this.event('Page.loadEventFired');
		const { errorText } = await this.send('Page.navigate',
			{ url: `file://${path.resolve(file)}` });
		if (errorText)
			throw new Error(errorText);
		await loaded;
	}

	// Returns the value of an expression in the page. A promise is awaited.
	async value(expression) {
		const { result, exceptionDetails } = await this.send(
			'Runtime.evaluate',
			{ expression, awaitPromise: true, returnByValue: true });

		if (exceptionDetails)
			throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
		return result.value;
	}

	// Waits until an expression is true. Returns its last value.
	async until(expression) {
		const end = Date.now() + LIMIT;
		let value;

		do
			value = await this.value(`new Promise(done =>
				requestAnimationFrame(() => done(${expression})))`);
		while (!value && Date.now() < end);
		return value;
	}

	window(width, height, dark = false, media = '', scale = 1) {
		return Promise.all([
			this.send('Emulation.setDeviceMetricsOverride', {
				width, height, deviceScaleFactor: scale, mobile: false,
			}),
			this.send('Emulation.setEmulatedMedia', {
				media,
				features: [{
					name: 'prefers-color-scheme',
					value: dark ? 'dark' : 'light',
				}],
			}),
		]);
	}

	async mouse(type, x, y, more = {}) {
		await this.send('Input.dispatchMouseEvent', {
			type, x, y, button: type === 'mouseMoved' || type === 'mouseWheel' ?
				'none' : 'left', ...more,
		});
	}

	async click(x, y, clickCount = 1) {
		await this.mouse('mouseMoved', x, y);
		for (let count = 1; count <= clickCount; count++) {
			await this.mouse('mousePressed', x, y, { clickCount: count });
			await this.mouse('mouseReleased', x, y, { clickCount: count });
		}
	}

	// Clicks in the middle of the element of a selector.
	async clickOn(selector) {
		const { x, y } = await this.value(`(() => {
			const found = document.querySelector(${JSON.stringify(selector)});
			found.scrollIntoView({ block: 'center' });
			const box = found.getBoundingClientRect();
			return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
		})()`);

		await this.click(x, y);
	}

	// Presses a key, given by its name or as a character.
	async key(key) {
		const text = key.length === 1 ? key : undefined;

		await this.send('Input.dispatchKeyEvent', {
			type: 'keyDown', key, text: key === 'Enter' ? '\r' : text,
			windowsVirtualKeyCode: {
				Enter: 13, Escape: 27, Tab: 9, ArrowDown: 40,
				ArrowUp: 38, ArrowLeft: 37, ArrowRight: 39,
				End: 35, Home: 36,
			}[key] || key.toUpperCase().charCodeAt(0),
		});
		await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
	}

	async type(text) {
		for (const letter of text)
			await this.key(letter);
	}

	async shoot(file) {
		const { data } = await this.send('Page.captureScreenshot');

		fs.writeFileSync(file, Buffer.from(data, 'base64'));
	}

	async print(file) {
		const { data } = await this.send('Page.printToPDF',
			{ preferCSSPageSize: true, printBackground: true });
		const bytes = Buffer.from(data, 'base64');

		fs.writeFileSync(file, bytes);
		return bytes;
	}

	async close() {
		this.session = undefined;
		await this.send('Browser.close');
		await this.ended;
		fs.rmSync(this.profile, { recursive: true, force: true });
	}
}

module.exports = { Browser };
