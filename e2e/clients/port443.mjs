// Leads connections to a tenant at port 443 of its name, as a proxy or an entry of /etc/hosts would, to the port that it has in a
// test. The client beneath sees nothing of it: names, certificates and addresses are checked as ever.
import net from "node:net";
import tls from "node:tls";

const connect = tls.connect;
tls.connect = (options, ...more) => {
  const to = options.host === process.env.AUTH0_DOMAIN && [443, "443", ""].includes(options.port) ? { host: "127.0.0.1", port: process.env.TENANT0_PORT } : {};
  return connect({ ...options, servername: options.servername ?? options.host, ...(net.isIP(options.host) ? {} : to) }, ...more);
};
