// Answers a bundle's golden texts with ONNX Runtime Web (WebAssembly, one thread) in Node.
//   node check.mjs BUNDLE GRAPH
// Token ids come from the golden answers, so no tokenizer is needed; one text at a time, as the
// runtime does it. Prints one JSON line: texts, other_labels, max_abs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-web";

const [bundle, graph] = process.argv.slice(2);
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const session = await ort.InferenceSession.create(readFileSync(join(bundle, graph)));
const lines = readFileSync(join(bundle, ".edgecompress", "golden.jsonl"), "utf8").trim().split("\n");

const largest = (row) => row.indexOf(Math.max(...row));
const told = { texts: 0, other_labels: 0, max_abs: 0 };
for (const line of lines) {
  const { ids, logits } = JSON.parse(line);
  const tensor = (values) => new ort.Tensor("int64", BigInt64Array.from(values), [1, ids.length]);
  const given = { input_ids: tensor(ids.map(BigInt)), attention_mask: tensor(ids.map(() => 1n)) };
  const answer = Array.from((await session.run(given)).logits.data);
  told.texts += 1;
  told.other_labels += largest(answer) === largest(logits) ? 0 : 1;
  told.max_abs = Math.max(told.max_abs, ...answer.map((value, k) => Math.abs(value - logits[k])));
}
console.log(JSON.stringify(told));
