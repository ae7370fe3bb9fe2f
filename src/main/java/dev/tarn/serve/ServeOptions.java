package dev.tarn.serve;

import dev.tarn.ConfigException;

/**
 * Where a server listens and how much it takes on.
 *
 * @param host the address to listen on; {@code 0.0.0.0} for all of the machine
 * @param port 0 for any that is free
 * @param maxBody the longest body of a request, in bytes
 * @param maxConcurrent how many requests are worked on at once, bodies that are still coming included
 * @param queue how many of them wait for the model
 * @param batch how many the model answers together
 * @param timeoutSeconds from a request's headers to its answer
 * @param graceSeconds how long stopping waits for answers under way
 */
public record ServeOptions(
        String host,
        int port,
        int maxBody,
        int maxConcurrent,
        int queue,
        int batch,
        int timeoutSeconds,
        int graceSeconds) {

    private static final int LARGEST_BODY = 1 << 28;

    /** What the flags of {@code tarn serve} have where they are left out. */
    public static final ServeOptions DEFAULT = new ServeOptions("127.0.0.1", 8080, 1 << 20, 256, 64, 8, 30, 30);

    /** @throws ConfigException if a value is out of range */
    public ServeOptions {
        require("port", port, 0, 65535);
        require("max-body", maxBody, 1, LARGEST_BODY);
        require("max-concurrent", maxConcurrent, 1, 100_000);
        require("queue", queue, 1, 100_000);
        require("batch", batch, 1, 4096);
        require("timeout", timeoutSeconds, 1, 86_400);
        require("grace", graceSeconds, 0, 86_400);
    }

    private static void require(String name, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ConfigException(
                    "--" + name + " is " + value + " and must be from " + least + " to " + most + ".");
        }
    }
}
