package dev.tarn.docker;

import java.io.IOException;

/** Something that runs commands as an image would. */
interface Box extends AutoCloseable {

    /** How a command ended. */
    record Outcome(int code, String out, String err) {}

    Outcome exec(String... command) throws IOException, InterruptedException;

    /** The image's own start with these arguments in place of its {@code CMD}. */
    Outcome start(String... arguments) throws IOException, InterruptedException;

    /** What the healthcheck of the image says once it has said something. */
    boolean isHealthy() throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}
