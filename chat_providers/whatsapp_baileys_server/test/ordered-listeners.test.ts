import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'

import { orderListeners } from '../src/common/ordered-listeners.ts'

describe('listeners that take one item after the other', () => {
  it('finish with one before they begin the next, and go on after a failure', async () => {
    const emitter = new EventEmitter()
    const done: number[] = []
    const take = async (steps: number): Promise<void> => {
      for (let step = 0; step < steps; step += 1) await new Promise(resolve => setImmediate(resolve))
      if (steps === 2) throw new Error('no')
      done.push(steps)
      if (steps === 0) emitter.emit('end')
    }
    emitter.on('item', take as (steps: number) => void)
    orderListeners(emitter, 'item')
    const end = new Promise(resolve => emitter.once('end', resolve))
    for (const steps of [3, 2, 1, 0]) emitter.emit('item', steps)
    await end
    assert.deepEqual(done, [3, 1, 0])
  })
})
