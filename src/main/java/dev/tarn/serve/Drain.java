package dev.tarn.serve;

import java.io.IOException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;

/**
 * Reads what is left of a request and keeps nothing of it. A client that sends without end is cut off, one that sends
 * without haste by {@link StaleConnections}.
 */
final class Drain implements Runnable {

    private static final long MOST_BYTES = 1L << 28;

    private final Request request;
    private final Callback callback;
    private long left = MOST_BYTES;

    Drain(Request request, Callback callback) {
        this.request = request;
        this.callback = callback;
    }

    @Override
    public void run() {
        while (true) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                request.demand(this);
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                callback.failed(chunk.getFailure());
                return;
            }
            left -= chunk.remaining();
            boolean isLast = chunk.isLast();
            chunk.release();
            if (isLast) {
                callback.succeeded();
                return;
            }
            if (left < 0) {
                callback.failed(new IOException("the request has no end"));
                return;
            }
        }
    }
}
