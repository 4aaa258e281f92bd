"""MQTT between real sockets: the simulated broker and mosquitto side by side, and the link on both."""
