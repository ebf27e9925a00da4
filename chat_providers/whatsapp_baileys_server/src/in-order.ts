import type { EventEmitter } from 'node:events'

type Handle = (item: unknown) => unknown
type Admit<Item> = (item: Item) => Promise<boolean> | boolean

/**
 * Makes whoever listens to `event` by now take one item after the other.
 *
 * Baileys prepares messages side by side before it takes them one by one: a new contact's second message, whose
 * preparation finds everything done, overtakes the first. What it returns waits for all that came so far.
 *
 * What `admit` says no to, or fails at, they do not hear of.
 */
export function inOrder<Item>(
  emitter: EventEmitter,
  event: string,
  admit: Admit<Item> = () => true,
): () => Promise<unknown> {
  const done: (() => Promise<unknown>)[] = []
  for (const listener of emitter.listeners(event)) {
    let last: Promise<unknown> = Promise.resolve()
    done.push(() => last)
    emitter.off(event, listener as Handle)
    emitter.on(event, (item: Item) => {
      const hear = async (): Promise<unknown> => ((await admit(item)) ? (listener as Handle)(item) : undefined)
      last = last.then(hear).catch(() => undefined)
    })
  }
  return () => Promise.all(done.map(each => each()))
}
