// NestJS on Express. The middleware goes before everything of Nest; routes are guarded by Nest's own means.
//   npm install express-connect-auth express @nestjs/core @nestjs/common @nestjs/platform-express reflect-metadata rxjs
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Req,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const baseUrl = `http://localhost:${port}`;
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …

/** A guard of Nest runs after the middleware, and answers by 403. */
class OwnsEngine implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    return execution.switchToHttp().getRequest<Request>().user?.sub === 'ada';
  }
}

@Controller()
class AccountController {
  @Get()
  home(@Req() req: Request) {
    return `<h1>Home</h1><p>${req.user?.sub ?? 'Nobody'} <a href="/account">Account</a>`;
  }

  @Get('account')
  account(@Req() req: Request) {
    return { user: req.user, expiresAt: req.auth.expiresAt };
  }
  @UseGuards(OwnsEngine)
  @Get('account/engine')
  engine() {
    return { runs: true };
  }
}

@Module({ controllers: [AccountController] })
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(requireAuth).forRoutes('account'); // and all below it
  }
}

const app = await NestFactory.create(AppModule, { logger: ['error'] });
const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex');
app.use(connectAuth({ baseUrl, secret, provider: definition }));
await app.listen(port, () => console.log(`Open ${baseUrl}`));
