import type { EventEmitter } from 'node:events'

type Handle = (item: unknown) => unknown
/** Does what it likes with an item, and has the listener hear of it by `hear`, or not. */
type Around<Item> = (item: Item, hear: () => unknown) => unknown

/**
 * Makes whoever listens to `event` by now take one item after the other.
 *
 * Baileys prepares messages side by side before it takes them one by one: a new contact's second message, whose
 * preparation finds everything done, overtakes the first. What it returns waits for all that came so far.
 *
 * They hear of an item what and when `around` lets them.
 */
export function inOrder<Item>(
  emitter: EventEmitter,
  event: string,
  around: Around<Item> = (_, hear) => hear(),
): () => Promise<unknown> {
  const done: (() => Promise<unknown>)[] = []
  for (const listener of emitter.listeners(event)) {
    let last: Promise<unknown> = Promise.resolve()
    done.push(() => last)
    emitter.off(event, listener as Handle)
    emitter.on(event, (item: Item) => {
      last = last.then(() => around(item, () => (listener as Handle)(item))).catch(() => undefined)
    })
  }
  return () => Promise.all(done.map(each => each()))
}
