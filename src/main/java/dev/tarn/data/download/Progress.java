package dev.tarn.data.download;

/** Told how far a download is. */
@FunctionalInterface
public interface Progress {

    /**
     * Some bytes have come.
     *
     * @param bytes all that are there now, those of earlier tries included
     * @param total all that there will be; -1 if the server does not say
     */
    void at(long bytes, long total);
}
