/** A ChirpStack server as a process of its own, to be killed: `node chirpstack-process.ts <port>`. Prints its port. */
import { ChirpStackServer, HALL } from './chirpstack-server.ts'

const server = new ChirpStackServer()
server.addDevice(HALL)
const port = await server.chirpStack.listen(Number(process.argv[2] ?? 0))
server.chirpStack.uplink(HALL, { object: { t: process.pid } })
console.log(port)
