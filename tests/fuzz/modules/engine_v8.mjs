// Runs modules in V8 as engines.py wants it: one line of JSON for each file named on
// standard input, [[export, "i64 as hexadecimal" or "trap: MESSAGE"], …] or {"error": …}.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

function observe(call) {
	try {
		return BigInt.asUintN(64, call()).toString(16);
	} catch (error) {
		const thrown = WebAssembly.Exception && error instanceof WebAssembly.Exception;
		return "trap: " + (thrown ? "uncaught exception" : error.message);
	}
}

function run(path) {
	try {
		const module = new WebAssembly.Module(readFileSync(path));
		const { exports } = new WebAssembly.Instance(module, {});
		return Object.entries(exports).map(([name, call]) => [name, observe(call)]);
	} catch (error) {
		return { error: error.message };
	}
}

for await (const path of createInterface({ input: process.stdin }))
	console.log(JSON.stringify(run(path)));
