import type { EventEmitter } from 'node:events'

type Listener = (item: unknown) => unknown
/** Handles an item before a listener does. It calls `deliver` to pass the item on, or drops it. */
type Intercept<Item> = (item: Item, deliver: () => unknown) => unknown

/**
 * Makes the present listeners of `event` handle one item at a time, through `intercept`. Returns a function that
 * waits for all items received so far.
 *
 * Baileys prepares messages concurrently before it handles them in order. The second message of a new contact needs
 * less preparation and would overtake the first.
 */
export function orderListeners<Item>(
  emitter: EventEmitter,
  event: string,
  intercept: Intercept<Item> = (_, deliver) => deliver(),
): () => Promise<unknown> {
  const done: (() => Promise<unknown>)[] = []
  for (const listener of emitter.listeners(event)) {
    let last: Promise<unknown> = Promise.resolve()
    done.push(() => last)
    emitter.off(event, listener as Listener)
    emitter.on(event, (item: Item) => {
      last = last.then(() => intercept(item, () => (listener as Listener)(item))).catch(() => undefined)
    })
  }
  return () => Promise.all(done.map(each => each()))
}
