import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { describeError } from '../src/silence-logs.ts'

describe('what is told of an error', () => {
  it('is its class and its places, never its words', () => {
    const told = JSON.stringify(describeError(new TypeError('private key: 1234\nsecond line 5678')))
    assert.match(told, /TypeError/)
    assert.match(told, /silence-logs\.test\.ts/)
    assert.doesNotMatch(told, /1234|5678/)
  })

  it('is little for what is no error', () => assert.deepEqual(describeError('secret'), { name: 'string', trace: [] }))
})
