/**
 * Run inside of the node's namespace with the address to listen on: opens the sockets of the DNS server, hands
 * them to its parent process, and ends. The sockets stay in the namespace they were opened in.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const DNS_PORT = 53;
const address = process.argv[2] ?? '';
const udp = createSocket('udp4');
const tcp = createServer();

udp.bind(DNS_PORT, address, () => {
  tcp.listen(DNS_PORT, address, () => {
    process.send?.('udp', udp, undefined, () => {
      process.send?.('tcp', tcp, undefined, () => process.exit(0));
    });
  });
});
