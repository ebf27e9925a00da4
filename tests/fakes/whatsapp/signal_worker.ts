/** A worker of `signal_workers.ts`: the Signal states of some phones, each called as it is asked to. */
import { parentPort } from 'node:worker_threads'
import { withBuffers } from './buffers.ts'
import { SignalState } from './signal_state.ts'
import { hushConsole } from './silence.ts'
import type { Call, Outcome } from './signal_workers.ts'

hushConsole()
const states = new Map<number, SignalState>()

parentPort?.on('message', (call: Call) => void answer(withBuffers(call)))

async function answer({ id, phone, own, method, given = [] }: Call): Promise<void> {
  try {
    if (own) states.set(phone, new SignalState(own))
    const state = states.get(phone) as unknown as Record<string, (...given: readonly unknown[]) => unknown>
    tell({ id, result: method && (await state[method]?.(...given)) })
  } catch (error) {
    tell({ id, error: String(error) })
  }
}

function tell(outcome: Outcome): void {
  parentPort?.postMessage(outcome)
}
