import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { BoundedCache, TextCache } from '../src/common/bounded-cache.ts'

describe('a bounded cache', () => {
  it('lets the oldest go', () => {
    const cache = new BoundedCache(2, 60)
    for (const key of ['a', 'b', 'c']) cache.set(key, key)
    assert.deepEqual(
      ['a', 'b', 'c'].map(key => cache.get(key)),
      [undefined, 'b', 'c'],
    )
  })

  it('forgets what is too old', () => {
    const cache = new BoundedCache(2, 0)
    cache.set('a', 1)
    assert.equal(cache.get('a'), undefined)
  })
})

describe('the cache of texts', () => {
  it('holds so many characters, and lets the least used go', () => {
    const cache = new TextCache(9)
    cache.set('a', '12')
    cache.set('b', '12')
    cache.get('a')
    cache.set('c', '1234')
    assert.deepEqual(
      ['a', 'b', 'c'].map(key => cache.get(key)),
      ['12', undefined, '1234'],
    )
  })

  it('gives back the place of what is replaced or removed', () => {
    const cache = new TextCache(6)
    for (let time = 0; time < 10; time += 1) cache.set('a', '12345')
    cache.delete('a')
    cache.set('b', '12345')
    assert.equal(cache.get('b'), '12345')
  })

  it('tells what is known to be absent from what is not known', () => {
    const cache = new TextCache(9)
    cache.set('a', null)
    assert.deepEqual([cache.get('a'), cache.get('b')], [null, undefined])
  })
})
