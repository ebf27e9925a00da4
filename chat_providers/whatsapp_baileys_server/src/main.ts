// WhatsApp connections for the Python side, which starts this process with a socket as standard input, decides
// everything and keeps everything. The process ends when that socket does, or falls silent.
import { faultOf } from './quiet.ts'

import { Socket } from 'node:net'

import { Accounts } from './accounts.ts'
import { endInSilence } from './dead-mans-switch.ts'
import { Pipe } from './pipe.ts'
import { verifyNatively } from './signatures.ts'

verifyNatively()

const stream = new Socket({ fd: 0, readable: true, writable: true })
const allowSilence = endInSilence(stream, () => process.exit(0))
const accounts = new Accounts(allowSilence)
const pipe: Pipe = new Pipe(stream, (account, command) => accounts.serve(pipe, account, command))

stream.on('error', () => process.exit(0))
stream.on('close', () => process.exit(0))
stream.on('end', () => process.exit(0))

// What nobody caught belongs to one account's callback; the other accounts go on.
const report = (error: unknown): void => pipe.tell('', { type: 'fault', ...faultOf(error) })
process.on('uncaughtException', report)
process.on('unhandledRejection', report)
