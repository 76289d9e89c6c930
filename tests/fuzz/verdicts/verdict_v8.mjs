// For each file named on standard input one line: "ok", or V8's reason against the module.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

function verdict(path) {
	try {
		new WebAssembly.Module(readFileSync(path));
		return "ok";
	} catch (error) {
		return error.message.replaceAll("\n", " ");
	}
}

for await (const path of createInterface({ input: process.stdin }))
	console.log(verdict(path));
