// Runs WhatsApp connections for the Python server. Python starts this process with a socket as its standard input.
// Python makes all decisions and stores all data. The process ends when that socket closes or stays silent.
import { describeError } from './silence-logs.ts'

import { Socket } from 'node:net'

import { Accounts } from './accounts.ts'
import { watchParent } from './parent-watchdog.ts'
import { Pipe } from './pipe.ts'
import { useNativeVerification } from './signal/native-signatures.ts'

useNativeVerification()

const stream = new Socket({ fd: 0, readable: true, writable: true })
const setSilenceLimit = watchParent(stream, () => process.exit(0))
const accounts = new Accounts(setSilenceLimit)
const pipe: Pipe = new Pipe(stream, (account, command) => accounts.handle(pipe, account, command))

stream.on('error', () => process.exit(0))
stream.on('close', () => process.exit(0))
stream.on('end', () => process.exit(0))

// An uncaught error comes from a callback of one account. The other accounts go on.
const reportError = (error: unknown): void => pipe.notify('', { type: 'fault', ...describeError(error) })
process.on('uncaughtException', reportError)
process.on('unhandledRejection', reportError)
