import type { EventEmitter } from 'node:events'

const TICK_SECONDS = 0.5
const LONGEST_SILENCE = 5

/**
 * Calls `end` when `stream`, once it was heard, stays silent for five seconds, or for as many as were allowed last.
 * Whoever gave this process its accounts is then stopped or hangs, and another may be about to connect them.
 *
 * What is counted is ticks, not seconds, of which a machine that slept would find too many gone by.
 */
export function endInSilence(stream: EventEmitter, end: () => void): (seconds: number) => void {
  let silent = 0
  let most = LONGEST_SILENCE / TICK_SECONDS
  stream.on('data', () => (silent = 0))
  stream.once('data', () => {
    setInterval(() => {
      silent += 1
      if (silent >= most) end()
    }, TICK_SECONDS * 1000)
  })
  return seconds => {
    most = Math.max(1, Math.floor(Math.min(seconds, LONGEST_SILENCE) / TICK_SECONDS))
  }
}
