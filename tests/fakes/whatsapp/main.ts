/**
 * The fake network as a program: `node main.ts [PORT] [WORKERS] [PAUSE]`, where phones encrypt in so many
 * threads beside the network's, or in its own, and the server says nothing for so many ms after a handshake. Prints one JSON line when it is ready,
 * `{"port": N, "control": "http://...", "url": "ws://..."}`, and ends when its standard input does.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { Connection } from './connection.ts'
import { control } from './control.ts'
import { Network } from './network.ts'
import { People } from './people.ts'
import { keptInWorkers } from './signal_workers.ts'
import { hushConsole } from './silence.ts'

hushConsole()
const [port = '0', workers = '0', pause = '0'] = process.argv.slice(2)
const people = new People(Number(workers) ? keptInWorkers(Number(workers)) : undefined)
const network = new Network(people, Number(pause))
const server = createServer((request, response) => {
  const file = network.media.get(request.url ?? '')
  if (file) response.end(file)
  else void control(network, request, response)
})
const sockets = new WebSocketServer({
  server,
  verifyClient: ({ req }, accept) => {
    if (network.refusal === undefined) accept(true)
    else if (network.refusal) accept(false, network.refusal)
    else req.socket.destroy()
  }
})
sockets.on('connection', socket => new Connection(network, socket))

server.listen(Number(port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  const ready = { port, control: `http://${address}`, url: `ws://${address}/ws/chat` }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
})
process.stdin.resume().on('end', () => process.exit())
