import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import type { AccountContext } from '../src/account-context.ts'
import { DisplayNames } from '../src/connection/display-names.ts'
import { Failure, type Request } from '../src/protocol.ts'
import { ANN, ANNS_LID, BOB, GROUP } from './helpers/messages.ts'

type Told = Extract<Request, { type: 'names' }>

function rig(refuse = false): { names: DisplayNames; told: Told[]; done: () => Promise<void> } {
  const told: Told[] = []
  const ask = (request: Request): Promise<unknown> => {
    told.push(request as Told)
    return refuse ? Promise.reject(new Failure('refused', 'no')) : Promise.resolve(null)
  }
  const names = new DisplayNames({ request: ask } as AccountContext, new AbortController().signal, assert.ifError)
  return { names, told, done: () => new Promise(resolve => setImmediate(resolve)) }
}

describe('names', () => {
  it('are told once, with all ids of a person', async () => {
    const { names, told, done } = rig()
    names.addContacts([{ id: ANN, lid: ANNS_LID, name: 'Mum' }], true)
    names.addContacts(
      [
        { id: BOB, notify: 'Bob' },
        { id: 'x', notify: 'nobody' },
        { id: GROUP, notify: 'no person' },
      ],
      false,
    )
    names.addGroup(GROUP, 'Hiking')
    names.addContacts([{ id: ANN, lid: ANNS_LID, name: 'Mum' }], true)
    await done()
    assert.deepEqual(told, [
      {
        type: 'names',
        people: [
          { ids: [ANN, ANNS_LID], saved: 'Mum', chosen: null },
          { ids: [BOB], saved: null, chosen: 'Bob' },
        ],
        groups: [{ id: GROUP, subject: 'Hiking' }],
      },
    ])
  })

  it('of an entry that was removed are empty', async () => {
    const { names, told, done } = rig()
    names.addContacts([{ id: ANN, name: 'Mum' }], true)
    names.addContacts([{ id: ANN }], true)
    await done()
    assert.deepEqual(told[0]?.people, [{ ids: [ANN], saved: '', chosen: null }])
  })

  it('come in portions, and are bounded', async () => {
    const { names, told, done } = rig()
    names.addContacts(
      Array.from({ length: 30_000 }, (_, number) => ({
        id: `49${1_000_000 + number}@s.whatsapp.net`,
        name: 'N'.repeat(900),
      })),
      true,
    )
    for (let turns = 0; turns < 300; turns++) await done()
    assert(told.every(({ people }) => people.length <= 200))
    assert.equal(told.flatMap(({ people }) => people).length, 20_000)
    assert.equal(told[0]?.people[0]?.saved?.length, 256)
  })

  it('that cannot be kept hold up no others', async () => {
    const { names, told, done } = rig(true)
    names.addGroup(GROUP, 'one')
    await done()
    names.addGroup(GROUP, 'two')
    await done()
    assert.deepEqual(
      told.map(({ groups }) => groups[0]?.subject),
      ['one', 'two'],
    )
  })

  it('of a group are asked for once', async () => {
    const { names, told, done } = rig()
    let asked = 0
    const ask = (): Promise<never> => {
      asked += 1
      return Promise.resolve({ subject: 'Hiking' } as never)
    }
    for (let number = 0; number < 3; number++) await names.ensureGroup(GROUP, undefined, ask)
    await done()
    assert.deepEqual([asked, told.length], [1, 1])
  })
})
