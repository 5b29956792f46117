"""Two withdrawals, one of which the account forgets.

Wrong: `withdraw` reads the balance, asks for approval, and writes back what it read
before: what the other thread wrote meanwhile is lost.

    $ pyrecord samples/thread_race.py
    $ pyreplay thread_race.pyrec
    > history account.balance
    > last account.balance
    > p balance, amount
    > rf

Two writes come from two threads and both begin with 100: `history` shows them. The
local `balance` of the last one is still what it was before the other one's write.

Shows: 100
Shows: thread_race.py:42 account.balance = balance - amount
Shows: (100, 50)
"""
import threading

both_asked = threading.Barrier(2)
first_done = threading.Event()


class Account:
    def __init__(self, balance):
        self.balance = balance


def approve(teller, amount):
    """A slow question to somebody else; both tellers wait for their answers at once."""
    both_asked.wait()
    if teller == "Bob":
        first_done.wait()
    return amount < 1000


def withdraw(account, teller, amount):
    balance = account.balance
    if balance >= amount and approve(teller, amount):
        account.balance = balance - amount
    if teller == "Ann":
        first_done.set()


def main():
    account = Account(100)
    tellers = [
        threading.Thread(target=withdraw, args=(account, "Ann", 30)),
        threading.Thread(target=withdraw, args=(account, "Bob", 50)),
    ]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    if account.balance != 20:
        raise RuntimeError("100 - 30 - 50 left %d in the account" % account.balance)


main()
