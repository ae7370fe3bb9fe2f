package dev.tarn.serve;

import dev.tarn.run.JsonEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Writes answers: JSON, whatever happened. */
final class Answer {

    /** Seconds after which a refused request may be worth another try. */
    private static final long RETRY_SECONDS = 1;

    private Answer() {}

    /** A failure as JSON. */
    static JsonEvent error(String sentence) {
        return JsonEvent.object().with("error", sentence);
    }

    static byte[] bytes(JsonEvent event) {
        return (event.toJson() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Sends an answer, then reads what is left of the request and throws it away: a client that is still sending would
     * otherwise find its connection reset before it has read the answer.
     */
    static void send(Request request, Response response, Callback callback, int status, JsonEvent event) {
        byte[] bytes = head(response, status, event);
        boolean isSending = !request.getHeaders().contains(HttpHeader.EXPECT);
        Callback then = isSending ? Callback.from(new Drain(request, callback), callback::failed) : callback;
        response.write(true, ByteBuffer.wrap(bytes), then);
    }

    static void send(Request request, Response response, Callback callback, Refusal refusal) {
        send(request, response, callback, refusal.status(), error(refusal.sentence()));
    }

    /** Sends an answer while the request's body is still awaited, and closes the connection. */
    static void sendAndClose(Response response, Callback callback, Refusal refusal) {
        response.getHeaders().put(HttpFields.CONNECTION_CLOSE);
        byte[] bytes = head(response, refusal.status(), error(refusal.sentence()));
        Runnable close = () -> callback.failed(new TimeoutException(refusal.sentence()));
        response.write(true, ByteBuffer.wrap(bytes), Callback.from(close, callback::failed));
    }

    private static byte[] head(Response response, int status, JsonEvent event) {
        byte[] bytes = bytes(event);
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        if (status == HttpStatus.SERVICE_UNAVAILABLE_503) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, RETRY_SECONDS);
        }
        return bytes;
    }
}
