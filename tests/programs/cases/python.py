#!/usr/bin/python3
# case python.imports 120 quick
# case python.threads 60 quick
# case python.subprocess 60 quick
# case python.asyncio 60 quick
# case python.sqlite3 60 quick
# case python.mmap 60 quick
# case python.select 60 quick
# case python.socket 60 quick
# case python.multiprocessing 90 quick
# case python.files 60 quick
"""The modules of Python's library that lean on the system. Each case is a function and imports what it tries."""

import os
import signal
import sys
import time


def imports():
    import subprocess
    assert sys.version_info >= (3, 9) and sys.platform == 'linux'
    done = subprocess.run([sys.executable, '-c', 'import threading, subprocess, asyncio, sqlite3, mmap, '
                           'socket, select, multiprocessing; print(6 * 7)'], capture_output=True, check=True)
    assert done.stdout == b'42\n' and done.stderr == b'', done


def threads():
    import queue
    import threading
    total, lock, todo = [0], threading.Lock(), queue.Queue()

    def work():
        while (item := todo.get()) is not None:
            with lock:
                total[0] += item
    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for number in range(2000):
        todo.put(number)
    for _ in workers:
        todo.put(None)
    for worker in workers:
        worker.join()
    assert total[0] == 1999000
    assert not threading.Event().wait(0.05)
    barrier, seen = threading.Barrier(4), []
    group = [threading.Thread(target=lambda: seen.append(barrier.wait())) for _ in range(4)]
    for thread in group:
        thread.start()
    for thread in group:
        thread.join()
    assert sorted(seen) == [0, 1, 2, 3]
    assert threading.current_thread().native_id == os.getpid()


def subprocess_():
    import subprocess
    assert subprocess.run(['cat'], input=b'x' * 1000000, capture_output=True).stdout == b'x' * 1000000
    assert subprocess.run('exit 3', shell=True).returncode == 3
    assert subprocess.run(['sh', '-c', 'kill -9 $$']).returncode == -9
    try:
        subprocess.run(['sleep', '30'], timeout=0.3)
        raise AssertionError('no time-out')
    except subprocess.TimeoutExpired:
        pass
    try:
        subprocess.run(['/does/not/exist'])
        raise AssertionError('it ran')
    except FileNotFoundError:
        pass
    first = subprocess.Popen(['seq', '1000'], stdout=subprocess.PIPE)
    second = subprocess.Popen(['sort', '-rn'], stdin=first.stdout, stdout=subprocess.PIPE, cwd='/',
                              env={'LC_ALL': 'C', 'PATH': '/usr/bin'}, start_new_session=True)
    first.stdout.close()
    assert second.communicate()[0].split()[:2] == [b'1000', b'999'] and first.wait() == 0
    assert os.WEXITSTATUS(os.system('exit 4')) == 4
    pid = os.posix_spawn('/bin/true', ['true'], os.environ)
    assert os.waitpid(pid, 0) == (pid, 0)


def asyncio_():
    import asyncio
    import subprocess
    async def serve(reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()

    async def client(path, number):
        reader, writer = await asyncio.open_unix_connection(path)
        for turn in range(20):
            writer.write(f'hello {number} {turn}\n'.encode())
            assert await reader.readline() == f'HELLO {number} {turn}\n'.encode()
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await asyncio.start_unix_server(serve, 'socket')
        async with server:
            await asyncio.gather(*(client('socket', number) for number in range(10)))
        child = await asyncio.create_subprocess_exec('sh', '-c', 'cat; exit 5', stdin=subprocess.PIPE,
                                                     stdout=subprocess.PIPE)
        assert (await child.communicate(b'abc'))[0] == b'abc' and child.returncode == 5
        loop, caught = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, caught.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(caught.wait(), 10)
        assert await loop.run_in_executor(None, sum, range(10)) == 45
        try:
            await asyncio.wait_for(asyncio.sleep(30), 0.1)
            raise AssertionError('no time-out')
        except asyncio.TimeoutError:
            pass
    asyncio.run(main())


def sqlite3_():
    import sqlite3
    base = sqlite3.connect('t.db')
    base.execute('pragma journal_mode=wal')
    base.execute('create table t (n integer primary key, s text)')
    with base:
        base.executemany('insert into t values (?, ?)', ((n, str(n) * 10) for n in range(10000)))
    other = sqlite3.connect('t.db')
    assert other.execute('select count(*), sum(n) from t').fetchone() == (10000, 49995000)
    base.execute('begin immediate')
    try:
        sqlite3.connect('t.db', timeout=0.1).execute('begin immediate')
        raise AssertionError('two writers')
    except sqlite3.OperationalError as error:
        assert 'locked' in str(error), error
    base.rollback()
    base.execute('vacuum')
    assert other.execute('pragma integrity_check').fetchone() == ('ok',)


def mmap_():
    import mmap
    with open('file', 'w+b') as file:
        file.truncate(10 * mmap.PAGESIZE)
        with mmap.mmap(file.fileno(), 0) as view:
            view[5000:5005] = b'hello'
            view.flush()
            assert os.pread(file.fileno(), 5, 5000) == b'hello' and view.find(b'hello') == 5000
            os.pwrite(file.fileno(), b'J', 5000)
            assert view[5000:5005] == b'Jello'
            view.resize(20 * mmap.PAGESIZE)
            assert os.fstat(file.fileno()).st_size == 20 * mmap.PAGESIZE and view[5000:5001] == b'J'
            view.madvise(mmap.MADV_DONTNEED)
            assert view[5000:5005] == b'Jello'
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as copy:
            copy[5000:5005] = b'MINE!'
        assert os.pread(file.fileno(), 5, 5000) == b'Jello'
    shared = mmap.mmap(-1, 4096)
    if (pid := os.fork()) == 0:
        shared[:3] = b'kid'
        os._exit(0)
    os.waitpid(pid, 0)
    assert shared[:3] == b'kid'


def select_():
    import select
    import threading
    r, w = os.pipe()
    poller, epoll = select.poll(), select.epoll()
    poller.register(r, select.POLLIN)
    epoll.register(r, select.EPOLLIN | select.EPOLLET)
    assert poller.poll(0) == [] and epoll.poll(0) == [] and select.select([r], [w], [], 0) == ([], [w], [])
    threading.Timer(0.1, os.write, (w, b'x')).start()
    assert poller.poll(10000) == [(r, select.POLLIN)]
    assert epoll.poll(10) == [(r, select.EPOLLIN)] and epoll.poll(0) == []
    assert select.select([r], [], [], 10)[0] == [r] and os.read(r, 9) == b'x'
    os.close(w)
    assert poller.poll(1000) == [(r, select.POLLHUP)]
    start = time.monotonic()
    assert select.select([], [], [], 0.2) == ([], [], []) and 0.19 < time.monotonic() - start < 5


def socket_():
    import socket
    import tempfile
    a, b = socket.socketpair()
    a.sendall(b'x' * 100)
    assert b.recv(1000) == b'x' * 100
    with tempfile.TemporaryFile() as file:
        file.write(b'through')
        file.flush()
        socket.send_fds(a, [b'fd'], [file.fileno()])
    data, fds, _, _ = socket.recv_fds(b, 10, 1)
    assert data == b'fd' and os.pread(fds[0], 10, 0) == b'through'
    a.shutdown(socket.SHUT_WR)
    assert b.recv(1) == b''
    server = socket.socket(socket.AF_UNIX)
    server.bind('\0programs-test')
    server.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect('\0programs-test')
    end, _ = server.accept()
    pid = int.from_bytes(end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], 'little')
    assert pid == os.getpid()
    client.settimeout(0.1)
    try:
        client.recv(1)
        raise AssertionError('no time-out')
    except socket.timeout:
        pass
    one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.send(b'abc')
    one.send(b'de')
    assert two.recv(100) == b'abc' and two.recv(1) == b'd'


def square(number):
    return number * number


def multiprocessing_():
    import multiprocessing
    from multiprocessing import shared_memory
    with multiprocessing.Pool(3) as pool:
        assert pool.map(square, range(100)) == [n * n for n in range(100)]
    into, value = multiprocessing.Queue(), multiprocessing.Value('i', 0)

    def count():
        for _ in range(100):
            with value.get_lock():
                value.value += 1
        into.put(os.getpid())
    children = [multiprocessing.Process(target=count) for _ in range(3)]
    for child in children:
        child.start()
    assert {into.get(timeout=30) for _ in children} == {child.pid for child in children}
    for child in children:
        child.join()
    assert value.value == 300
    block = shared_memory.SharedMemory(create=True, size=5000)
    block.buf[:5] = b'hello'
    again = shared_memory.SharedMemory(block.name)
    assert bytes(again.buf[:5]) == b'hello'
    again.close()
    block.close()
    block.unlink()


def files():
    import fcntl
    import shutil
    for number in range(300):
        with open(f'f{number:03}', 'w') as file:
            file.write(str(number))
    assert sorted(os.listdir('.')) == [f'f{number:03}' for number in range(300)]
    with os.scandir('.') as entries:
        assert sum(entry.stat().st_size for entry in entries) == 10 + 90 * 2 + 200 * 3
    os.makedirs('a/b/c')
    shutil.copy2('f100', 'a/b/c/x')
    shutil.copytree('a', 'z')
    assert os.stat('z/b/c/x').st_mtime_ns == os.stat('f100').st_mtime_ns
    assert open('z/b/c/x').read() == '100'
    shutil.rmtree('z')
    os.symlink('f001', 'link')
    assert os.path.realpath('link') == os.path.abspath('f001') and os.readlink('link') == 'f001'
    with open('sparse', 'wb') as file:
        file.seek(1 << 30)
        file.write(b'x')
    assert os.stat('sparse').st_blocks < 100 and os.stat('sparse').st_size == (1 << 30) + 1
    with open('f000') as one, open('f000') as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        try:
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
            raise AssertionError('two locks')
        except BlockingIOError:
            pass


def main():
    os.makedirs('/dev/shm', exist_ok=True)
    name = sys.argv[1].partition('.')[2]
    (globals().get(name + '_') or globals()[name])()


if __name__ == '__main__':
    main()
