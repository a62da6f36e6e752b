// What the code of these pages takes for granted: the generated service definitions and clients of a shop (in the way of
// ts-proto), its database, its logger. `npm run check -- docs` compiles the pages with these names.
import type {
  CallOptions,
  ChannelCredentials,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  Metadata,
  MethodDefinition,
  ServiceError,
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import type { Registry } from 'prom-client';

type Of<Request, Response, Requests extends boolean, Responses extends boolean> = MethodDefinition<
  Request,
  Response
> & {
  requestStream: Requests;
  responseStream: Responses;
};
type Answer<Response> = (error: ServiceError | null, response: Response) => void;
interface Unary<Request, Response> {
  (request: Request, answer: Answer<Response>): ClientUnaryCall;
  (request: Request, metadata: Metadata, answer: Answer<Response>): ClientUnaryCall;
  (request: Request, metadata: Metadata, options: Partial<CallOptions>, answer: Answer<Response>): ClientUnaryCall;
}
interface ClientStream<Request, Response> {
  (answer: Answer<Response>): ClientWritableStream<Request>;
  (metadata: Metadata, answer: Answer<Response>): ClientWritableStream<Request>;
  (metadata: Metadata, options: Partial<CallOptions>, answer: Answer<Response>): ClientWritableStream<Request>;
}
interface ServerStream<Request, Response> {
  (request: Request, options?: Partial<CallOptions>): ClientReadableStream<Response>;
  (request: Request, metadata?: Metadata, options?: Partial<CallOptions>): ClientReadableStream<Response>;
}
interface BidiStream<Request, Response> {
  (): ClientDuplexStream<Request, Response>;
  (options: Partial<CallOptions>): ClientDuplexStream<Request, Response>;
  (metadata: Metadata, options?: Partial<CallOptions>): ClientDuplexStream<Request, Response>;
}
type Constructor<Methods> = typeof Client extends new (...args: infer Arguments) => Client
  ? new (...args: Arguments) => Client & Methods
  : never;

declare global {
  // shop.proto
  interface Product {
    id: number;
    name: string;
  }
  interface Order {
    id: number;
    items: readonly string[];
  }
  interface GetUserRequest {
    id: number;
  }
  const ShopService: {
    getProduct: Of<{ id: number }, Product, false, false>;
    listProducts: Of<{ pageSize: number }, Product, false, true>;
    createProducts: Of<Omit<Product, 'id'>, { products: Product[]; count: number }, true, false>;
    chat: Of<{ text: string }, { text: string }, true, true>;
  };
  interface ShopServer {
    getProduct: handleUnaryCall<{ id: number }, Product>;
    listProducts: handleServerStreamingCall<{ pageSize: number }, Product>;
    createProducts: handleClientStreamingCall<Omit<Product, 'id'>, { products: Product[]; count: number }>;
    chat: handleBidiStreamingCall<{ text: string }, { text: string }>;
  }
  const ShopClient: Constructor<{
    getProduct: Unary<{ id: number }, Product>;
    listProducts: ServerStream<{ pageSize: number }, Product>;
    createProducts: ClientStream<Omit<Product, 'id'>, { products: Product[]; count: number }>;
    chat: BidiStream<{ text: string }, { text: string }>;
  }>;
  const ProductServiceService: { getProduct: Of<{ id: number }, Product, false, false> };
  const ProductServiceClient: Constructor<{ getProduct: Unary<{ id: number }, Product> }>;
  const UserServiceService: { getUser: Of<GetUserRequest, { name: string }, false, false> };
  const OrderServiceService: {
    create: Of<Order, Order, false, false>;
    streamOrders: Of<object, Order, false, true>;
  };
  const OrderServiceClient: Constructor<{ create: Unary<Order, Order> }>;
  const StockServiceClient: Constructor<{ reserve: Unary<{ items: readonly string[] }, { left: number }> }>;

  // Where it runs, and what it stands on.
  const target: string;
  const channelCredentials: ChannelCredentials;
  const signal: AbortSignal;
  const register: Registry;
  const logger: Record<'debug' | 'info' | 'warn' | 'error', (line: unknown, text?: string) => void>;
  const pool: { query(sql: string): Promise<{ rowCount: number }>; end(): Promise<void> };
  const products: {
    find(id: number, options?: { signal: AbortSignal }): Promise<Product | undefined>;
    all(pageSize?: number): AsyncIterable<Product>;
    create(product: Omit<Product, 'id'>): Promise<Product>;
  };
  /** A client of another service. */
  const audit: { record(order: Order): Promise<object> };
  const orders: { changes(options: { signal: AbortSignal }): AsyncIterable<Order> };
  /** An error that a call of a client failed with. */
  const error: unknown;
}
