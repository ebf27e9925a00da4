import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it, type TestContext } from 'node:test'

import { watchParent } from '../src/parent-watchdog.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

function watched(test: TestContext): {
  says: () => void
  allows: (seconds: number) => void
  sleeps: (time: number) => void
  ends: () => number
} {
  test.mock.timers.enable({ apis: ['setInterval'] })
  const stream = new EventEmitter()
  let ends = 0
  const allows = watchParent(stream, () => (ends += 1))
  return {
    says: () => stream.emit('data'),
    allows,
    sleeps: time => {
      test.mock.timers.tick(time)
    },
    ends: () => ends,
  }
}

describe("the dead man's switch", () => {
  it('ends after five seconds of silence', test => {
    const { says, sleeps, ends } = watched(test)
    says()
    sleeps(4 * SECOND)
    assert.equal(ends(), 0)
    sleeps(SECOND)
    assert.equal(ends(), 1)
  })

  it('goes on for as long as something is said', test => {
    const { says, sleeps, ends } = watched(test)
    for (let time = 0; time < MINUTE; time += 4 * SECOND) {
      says()
      sleeps(4 * SECOND)
    }
    assert.equal(ends(), 0)
  })

  it('ends as much sooner as it is told', test => {
    const { says, allows, sleeps, ends } = watched(test)
    says()
    allows(2)
    sleeps(1.5 * SECOND)
    assert.equal(ends(), 0)
    sleeps(SECOND / 2)
    assert.equal(ends(), 1)
  })

  it('waits for the first word as long as it takes', test => {
    const { sleeps, ends } = watched(test)
    sleeps(MINUTE)
    assert.equal(ends(), 0)
  })
})
