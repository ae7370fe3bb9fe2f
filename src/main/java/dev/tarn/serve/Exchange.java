package dev.tarn.serve;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.TarnException;
import dev.tarn.run.JsonEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request to the model: its body is read, its fields are checked, it waits, and it is answered once, by whatever comes
 * first: the model, a refusal or the time-out.
 */
final class Exchange<Q> {

    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);

    private final Endpoint<Q> endpoint;
    private final ModelQueue<Q> queue;
    private final int timeoutSeconds;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final AtomicBoolean isAnswered = new AtomicBoolean();

    /** Null while the body is coming in. */
    private volatile ModelQueue.@Nullable Job<Q> job;

    Exchange(
            Endpoint<Q> endpoint,
            ModelQueue<Q> queue,
            int timeoutSeconds,
            Request request,
            Response response,
            Callback callback) {
        this.endpoint = endpoint;
        this.queue = queue;
        this.timeoutSeconds = timeoutSeconds;
        this.request = request;
        this.response = response;
        this.callback = callback;
    }

    /** Begins; the answer comes when it comes. */
    void start(int maxBody) {
        Scheduler.Task timeout =
                request.getComponents().getScheduler().schedule(this::timedOut, timeoutSeconds, TimeUnit.SECONDS);
        Request.addCompletionListener(request, failure -> {
            timeout.cancel();
            ModelQueue.Job<Q> waiting = job;
            if (waiting != null) {
                // Where the client has gone away the model need not go on.
                queue.giveUp(waiting);
            }
        });
        CompletableFuture<?> unused = Body.read(request, maxBody).whenComplete((body, failure) -> {
            if (body == null) {
                refuse(refusal(failure));
            } else {
                ask(body);
            }
        });
    }

    private void ask(byte[] body) {
        ModelQueue.Job<Q> asked;
        try {
            asked = new ModelQueue.Job<>(endpoint.read(body), new CompletableFuture<>());
        } catch (RuntimeException e) {
            refuse(refusal(e));
            return;
        }
        job = asked;
        if (!queue.offer(asked)) {
            refuse(new Refusal(
                    HttpStatus.SERVICE_UNAVAILABLE_503,
                    "As many requests are waiting as the server takes on; try again in a moment."));
            return;
        }
        CompletableFuture<?> unused = asked.answer().whenComplete((answer, failure) -> {
            if (answer != null) {
                answer(HttpStatus.OK_200, answer);
            } else if (!asked.answer().isCancelled()) {
                refuse(refusal(failure));
            }
        });
    }

    private void timedOut() {
        ModelQueue.Job<Q> waiting = job;
        if (waiting == null) {
            if (isAnswered.compareAndSet(false, true)) {
                Answer.sendAndClose(
                        response,
                        callback,
                        new Refusal(
                                HttpStatus.REQUEST_TIMEOUT_408,
                                "The body was not there after " + timeoutSeconds + " seconds; send it faster."));
            }
            return;
        }
        queue.giveUp(waiting);
        refuse(new Refusal(
                HttpStatus.GATEWAY_TIMEOUT_504,
                "The model had no answer after " + timeoutSeconds + " seconds; try again, or ask for less at once."));
    }

    private void refuse(Refusal refusal) {
        answer(refusal.status(), Answer.error(refusal.sentence()));
    }

    private void answer(int status, JsonEvent event) {
        if (isAnswered.compareAndSet(false, true)) {
            Answer.send(request, response, callback, status, event);
        }
    }

    private static Refusal refusal(@Nullable Throwable failure) {
        if (failure instanceof Refusal refusal) {
            return refusal;
        }
        if (failure instanceof DataException || failure instanceof ConfigException) {
            return new Refusal(HttpStatus.BAD_REQUEST_400, ((TarnException) failure).sentence());
        }
        LOG.error("A request failed: {}", String.valueOf(failure));
        LOG.debug("A request failed", failure);
        String sentence = failure instanceof TarnException known
                ? known.sentence()
                : "The server failed in a way that it should not; its log says more.";
        return new Refusal(HttpStatus.INTERNAL_SERVER_ERROR_500, sentence);
    }
}
