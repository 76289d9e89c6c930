// Text modules to binary ones with wasm-tools' parser, which knows all of WebAssembly 3.0
// and validates nothing. Standard input: a JSON list of texts in hexadecimal; standard
// output: a list of {binary: hexadecimal} or {refused: why}.
// argv[2]: the package's vendor/wasm-tools.js
import { pathToFileURL } from 'node:url';

const { tools, $init } = await import(pathToFileURL(process.argv[2]));
await $init;
const chunks = [];
for await (const chunk of process.stdin)
	chunks.push(chunk);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const answers = JSON.parse(Buffer.concat(chunks)).map((text) => {
	try {
		const binary = tools.parse(decoder.decode(Buffer.from(text, 'hex')));
		return { binary: Buffer.from(binary).toString('hex') };
	} catch (error) {
		return { refused: String(error).replace(/.*kind: /, '') };
	}
});
process.stdout.write(JSON.stringify(answers));
