// Loaded into the clients before their own code: undici, which is Node's fetch, gives a connection ten seconds, which a client on
// a busy machine can need for its own start.
import { Agent, setGlobalDispatcher } from 'undici';

const minutes = 10 * 60_000;
setGlobalDispatcher(new Agent({ connect: { timeout: minutes }, headersTimeout: minutes, bodyTimeout: minutes }));
