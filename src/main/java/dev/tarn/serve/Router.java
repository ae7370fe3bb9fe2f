package dev.tarn.serve;

import dev.tarn.run.JsonEvent;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Takes every request to its place: the model's endpoint, {@code /health} or {@code /ready}. Keeps count.
 */
final class Router<Q> extends Handler.Abstract.NonBlocking {

    private static final String HEALTH = "/health";
    private static final String READY = "/ready";

    private final Endpoint<Q> endpoint;
    private final ModelQueue<Q> queue;
    private final ServeOptions options;
    private final StaleConnections stale;
    private final UnaryOperator<JsonEvent> state;
    private final AtomicInteger atWork = new AtomicInteger();
    private final LongAdder answered = new LongAdder();
    private final LongAdder shed = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** @param state adds how the server goes to an event */
    Router(
            Endpoint<Q> endpoint,
            ModelQueue<Q> queue,
            ServeOptions options,
            StaleConnections stale,
            UnaryOperator<JsonEvent> state) {
        this.endpoint = endpoint;
        this.queue = queue;
        this.options = options;
        this.stale = stale;
        this.state = state;
    }

    static Refusal stopping() {
        return new Refusal(HttpStatus.SERVICE_UNAVAILABLE_503, "The server is stopping; ask another one.");
    }

    /** How many requests to the model are under way. */
    int atWork() {
        return atWork.get();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        stale.began(request);
        String path = Request.getPathInContext(request);
        if (path.equals(endpoint.path())) {
            if (allows(request, response, callback, HttpMethod.POST)) {
                ask(request, response, callback);
            }
        } else if (path.equals(HEALTH) || path.equals(READY)) {
            if (allows(request, response, callback, HttpMethod.GET, HttpMethod.HEAD)) {
                tell(path, request, response, callback);
            }
        } else {
            Answer.send(
                    request,
                    response,
                    callback,
                    new Refusal(
                            HttpStatus.NOT_FOUND_404,
                            "There is nothing here; the server has POST " + endpoint.path() + ", GET " + HEALTH
                                    + " and GET " + READY + "."));
        }
        return true;
    }

    private static boolean allows(Request request, Response response, Callback callback, HttpMethod... methods) {
        StringBuilder allowed = new StringBuilder();
        for (HttpMethod method : methods) {
            if (method.is(request.getMethod())) {
                return true;
            }
            allowed.append(allowed.length() == 0 ? "" : ", ").append(method);
        }
        response.getHeaders().put(HttpHeader.ALLOW, allowed.toString());
        Answer.send(
                request,
                response,
                callback,
                new Refusal(HttpStatus.METHOD_NOT_ALLOWED_405, "This path takes only " + allowed + "."));
        return false;
    }

    private void tell(String path, Request request, Response response, Callback callback) {
        JsonEvent event = path.equals(READY)
                ? JsonEvent.object().with("ready", true)
                : state.apply(JsonEvent.object().with("status", "ok").with("model", endpoint.model()))
                        .with("answered", answered.sum())
                        .with("shed", shed.sum())
                        .with("refused", refused.sum());
        Answer.send(request, response, callback, HttpStatus.OK_200, event);
    }

    private void ask(Request request, Response response, Callback callback) {
        int others = atWork.getAndIncrement();
        Request.addCompletionListener(request, failure -> {
            atWork.decrementAndGet();
            count(response.getStatus());
        });
        if (others >= options.maxConcurrent()) {
            Answer.send(
                    request,
                    response,
                    callback,
                    new Refusal(
                            HttpStatus.SERVICE_UNAVAILABLE_503,
                            "As many requests are under way as the server takes on; try again in a moment."));
        } else if (!isJson(request)) {
            Answer.send(
                    request,
                    response,
                    callback,
                    new Refusal(
                            HttpStatus.UNSUPPORTED_MEDIA_TYPE_415,
                            "The body must be JSON; send it with the header Content-Type: application/json."));
        } else {
            new Exchange<>(endpoint, queue, options.timeoutSeconds(), request, response, callback)
                    .start(options.maxBody());
        }
    }

    private void count(int status) {
        (status == HttpStatus.OK_200 ? answered : status == HttpStatus.SERVICE_UNAVAILABLE_503 ? shed : refused)
                .increment();
    }

    private static boolean isJson(Request request) {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        return type != null && type.toLowerCase(Locale.ROOT).matches("application/json\\s*(;.*)?");
    }
}
