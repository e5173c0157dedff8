// The entry of a worker whose modules are served as they are. `worker-build` writes one that does
// the same: a wasm instance that has trapped is never entered again, but replaced by a fresh one.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as worker from "./index.js";

const state = worker.__worker_init_state();

function fresh() {
  if (state.criticalError) {
    console.log("the instance is replaced, since it has trapped");
    worker.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId++;
  }
}

addEventListener("error", (event) => {
  if (event.error instanceof WebAssembly.RuntimeError) state.criticalError = true;
});

export default class extends WorkerEntrypoint {
  fetch(request) {
    fresh();
    return worker.fetch.call(this, request, this.env, this.ctx);
  }
  scheduled(event) {
    fresh();
    return worker.scheduled.call(this, event, this.env, this.ctx);
  }
  queue(batch) {
    fresh();
    return worker.queue.call(this, batch, this.env, this.ctx);
  }
}

export class Counter extends DurableObject {
  fetch(request) {
    fresh();
    this.counter ??= new worker.Counter(this.ctx, this.env);
    return this.counter.fetch(request);
  }
}
