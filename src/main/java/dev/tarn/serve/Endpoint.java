package dev.tarn.serve;

import dev.tarn.TarnException;
import dev.tarn.run.JsonEvent;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * What a server does with its model.
 *
 * @param <Q> a request that was read
 */
public interface Endpoint<Q> {

    /** Where requests are posted to, such as {@code /predict}. */
    String path();

    /** What the model is, for {@code GET /health}. */
    JsonEvent model();

    /**
     * Reads and checks a request; on any thread, several at a time.
     *
     * @param body JSON, or what should be
     * @throws TarnException if the request cannot be answered; the sentence goes to the client with status 400
     */
    Q read(byte[] body);

    /**
     * Answers requests; on the thread that owns the model alone. Where it throws, the requests are tried again one by
     * one, so that one of them cannot fail the others.
     *
     * @param requests at least one, at most the server's batch
     * @param isWanted whether anybody still waits for the answer to the request of an index
     * @return one answer for each request; that to an unwanted one is not sent
     */
    List<JsonEvent> answer(List<Q> requests, IntPredicate isWanted);
}
