"""Hears what a service tells its manager by sd_notify(3): prints each message of the datagram socket SOCKET as a line."""
import socket
import sys

heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
print("LISTENS", flush=True)
while True:
    print(heard.recv(4096).decode().replace("\n", " "), flush=True)
