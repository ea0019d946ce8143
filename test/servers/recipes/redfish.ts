import { NotAvailable, type Server, type ServerOptions } from '../server.ts';

export async function startRedfish(_options: ServerOptions): Promise<Server> {
  throw new NotAvailable('not written yet');
}
