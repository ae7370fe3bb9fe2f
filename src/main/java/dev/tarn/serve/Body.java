package dev.tarn.serve;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * Reads the body of a request as it comes, without a thread that waits for it. One that is too long is given up at the
 * first byte too many, or before the first where its length is announced; nothing of it is kept.
 */
final class Body implements Runnable {

    private final Request request;
    private final int most;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();

    private Body(Request request, int most) {
        this.request = request;
        this.most = most;
    }

    /** The body, or a {@link Refusal} if it has more than {@code most} bytes or ends early. */
    static CompletableFuture<byte[]> read(Request request, int most) {
        Body body = new Body(request, most);
        if (request.getLength() > most) {
            body.refuse();
        } else {
            body.run();
        }
        return body.whole;
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
                whole.completeExceptionally(
                        new Refusal(HttpStatus.BAD_REQUEST_400, "The body ended before it was whole; send it again."));
                return;
            }
            boolean isTooLong = chunk.remaining() > most - bytes.size();
            if (!isTooLong) {
                byte[] part = new byte[chunk.remaining()];
                chunk.get(part, 0, part.length);
                bytes.writeBytes(part);
            }
            boolean isLast = chunk.isLast();
            chunk.release();
            if (isTooLong) {
                bytes.reset();
                refuse();
                return;
            }
            if (isLast) {
                whole.complete(bytes.toByteArray());
                return;
            }
        }
    }

    private void refuse() {
        whole.completeExceptionally(new Refusal(
                HttpStatus.PAYLOAD_TOO_LARGE_413,
                "The body has more than " + most + " bytes; send less, or start the server with a larger --max-body."));
    }
}
