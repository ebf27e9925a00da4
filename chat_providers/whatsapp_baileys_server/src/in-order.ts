import type { EventEmitter } from 'node:events'

type Handle = (item: unknown) => unknown

/**
 * Makes whoever listens to `event` by now take one item after the other.
 *
 * Baileys prepares messages side by side before it takes them one by one: a new contact's second message, whose
 * preparation finds everything done, overtakes the first. What it returns waits for all that came so far.
 */
export function inOrder(emitter: EventEmitter, event: string): () => Promise<unknown> {
  const done: (() => Promise<unknown>)[] = []
  for (const listener of emitter.listeners(event)) {
    let last: Promise<unknown> = Promise.resolve()
    done.push(() => last)
    emitter.off(event, listener as Handle)
    emitter.on(event, (item: unknown) => {
      last = last.then(() => (listener as Handle)(item)).catch(() => undefined)
    })
  }
  return () => Promise.all(done.map(each => each()))
}
