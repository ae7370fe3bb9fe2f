package dev.tarn.backend;

/** How a device is to compute. */
public record BackendOptions(Precision precision, LstmPath lstm) {

    /** A precision, and for the rest what the backend does best. */
    public static BackendOptions of(Precision precision) {
        return new BackendOptions(precision, LstmPath.AUTO);
    }
}
