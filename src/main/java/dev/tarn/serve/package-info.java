/**
 * Answers HTTP requests with a trained model, under load too.
 *
 * <p>{@link dev.tarn.serve.ModelServer} listens and answers; an {@link dev.tarn.serve.Endpoint} says what the model does:
 * {@link dev.tarn.serve.GenerateEndpoint} goes on from prompts, {@link dev.tarn.serve.PredictEndpoint} classifies texts.
 * Jetty's core server does the HTTP without a thread for each connection; only this package sees it.
 *
 * <h2>The way of a request</h2>
 *
 * Its headers are checked, its body is read as it comes and given up once it is too long, its fields are checked on the
 * way in. Then it waits in a bounded queue, from which the one thread that owns the model takes several at once. Every
 * failure is one sentence of JSON with its status.
 *
 * <h2>Bounds</h2>
 *
 * Nothing here grows with the load. There are at most {@code maxConcurrent} requests, each with a body of at most
 * {@code maxBody} bytes, of which at most {@code queue} wait for the model; one more is answered with 503 at once. At the
 * time-out a request is answered with 408 or 504, and a connection that has brought no whole request for longer than that
 * is closed, however slowly its bytes drip. {@link dev.tarn.serve.ModelServer#stop} answers what has begun and refuses the
 * rest.
 */
@NullMarked
package dev.tarn.serve;

import org.jspecify.annotations.NullMarked;
