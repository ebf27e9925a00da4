/**
 * The fake network as a program: `node main.ts [PORT]`. Prints one JSON line when it is ready,
 * `{"port": N, "control": "http://...", "url": "ws://..."}`, and ends when its standard input does.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { Connection } from './connection.ts'
import { control } from './control.ts'
import { Network } from './network.ts'
import { hushConsole } from './silence.ts'

hushConsole()
const network = new Network()
const server = createServer((request, response) => void control(network, request, response))
const sockets = new WebSocketServer({
  server,
  verifyClient: ({ req }, accept) => {
    // Not by an HTTP status: to Baileys that is no error, and it waits for its 20 s to connect to pass.
    if (network.refusesConnections) req.socket.destroy()
    else accept(true)
  }
})
sockets.on('connection', socket => new Connection(network, socket))

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  const ready = { port, control: `http://${address}`, url: `ws://${address}/ws/chat` }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
})
process.stdin.resume().on('end', () => process.exit())
